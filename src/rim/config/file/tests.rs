use super::*;

/// A configuration that says every key.
pub(crate) const EVERY_KEY: &str = include_str!("every_key.toml");

fn parse(text: &str) -> Result<File, Wrongs> {
    Source::of("blackbar.toml", text.to_owned()).parse()
}

#[test]
fn every_key_is_read_and_written_back() {
    let file = parse(EVERY_KEY).unwrap();
    let written = toml::to_string(&file).unwrap();
    let again = parse(&written).unwrap();
    assert_eq!(toml::to_string(&again).unwrap(), written);
    // No key of the text is lost: each stands in what is written.
    for line in EVERY_KEY.lines() {
        let key = line.split([' ', ']']).next().unwrap_or_default();
        if !key.is_empty() && !key.starts_with('#') {
            assert!(written.contains(key), "{key}\n{written}");
        }
    }
}

#[test]
fn errors_name_file_line_column_key_and_mend() {
    for (text, expected) in [
        (
            "[limits]\nreech = 5\n",
            "blackbar.toml:2:1: key `limits.reech`: there is no such key; did you mean `reach`?",
        ),
        (
            "[limits]\nreach = \"many\"\n",
            "blackbar.toml:2:9: key `limits.reach`: write a number of bytes such as 4096, 64K, \
             1MiB or 2MB",
        ),
        (
            "[log]\nformat = \"jsno\"\n",
            "blackbar.toml:2:10: key `log.format`: there is no such choice; did you mean `json`?",
        ),
        (
            "[[listen]]\nhttp = \"example.com:80\"\n",
            "blackbar.toml:2:8: key `listen.http`: write an IP address and a port, such as \
             127.0.0.1:9000 or [::1]:9000",
        ),
        (
            "[[listen]]\nhttp = \"127.0.0.1:1\"\n[[listen.route]]\nupstream = 5\n",
            "blackbar.toml:4:12: key `listen.route.upstream`: write text in quotes, not a \
             whole number",
        ),
        (
            "[timeouts]\nidle = 5\n",
            "blackbar.toml:2:8: key `timeouts.idle`: write a length of time such as \"5s\", \
             \"500ms\" or \"2m\", not a whole number",
        ),
        (
            "[detect]\nprofile = \"standrad\"\n",
            "blackbar.toml:2:11: key `detect.profile`: no such profile; use standard, strict, \
             article or article-errors",
        ),
        (
            "[detect]\ndisable = [{ id = \"jwt\" }]\n",
            "blackbar.toml:2:12: key `detect.disable`: the key `reason` is missing; \
             write it",
        ),
        (
            "[[listen]]\nhttp = \"[::1]:1\"\nroute = [{ upstream = \"x\", until = \"2027-01-31\" }]\n",
            "blackbar.toml:3:36: key `listen.route.until`: write a day such as 2027-01-31, \
             without quotes and without a time",
        ),
    ] {
        let wrong = parse(text).err().expect(text);
        assert_eq!(wrong.to_string(), expected, "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_in_one_go() {
    let text = "[limits]\nreech = 5\nmax_ratio = -1\nbudget = \"64M\"\n[lgo]\nformat = 5\n\
                [detect]\ndisable = [{ id = \"a\" }, { id = \"b\", reason = \"x\" }, 7]\nlabels = 1\n";
    let wrongs = parse(text).err().unwrap();
    let told: Vec<String> = wrongs.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "blackbar.toml:2:1: key `limits.reech`: there is no such key; did you mean `reach`?",
            "blackbar.toml:3:13: key `limits.max_ratio`: write a whole number from 0 to 4294967295",
            "blackbar.toml:5:2: key `lgo`: there is no such key; did you mean `log`?",
            "blackbar.toml:8:12: key `detect.disable`: the key `reason` is missing; write it",
            "blackbar.toml:8:54: key `detect.disable`: write a table of keys, not a whole number",
            "blackbar.toml:9:10: key `detect.labels`: write true or false, not a whole number",
        ]
    );
    let broken = parse("[log]\nformat = \n[limits]\nreach = hunter2\n")
        .err()
        .unwrap();
    assert_eq!(broken.iter().count(), 2, "{broken}");
    assert!(!broken.to_string().contains("hunter2"));
}

#[test]
fn no_error_shows_a_value() {
    for text in [
        "[detect]\nlabels = \"hunter2\"",
        "[detect]\nprofile = \"hunter2\"",
        "[detect]\nvalues = \"hunter2\"",
        "[detect]\nfields = \"hunter2\"",
        "[limits]\nmax_ratio = \"hunter2\"",
        "[limits]\nbudget = \"hunter2\"",
        "[timeouts]\nhead = \"hunter2\"",
        "[log]\nformat = \"hunter2\"",
        "[admin]\nlisten = \"hunter2\"",
        "[detect]\nmask = hunter2",
        "[detect]\nmask = \"hunter2",
        "[detect]\nmask = \"hunter2\\q\"",
        "[[listen]]\nhttp = \"127.0.0.1:1\"\nroute = [{ upstream = \"x\", preset = \"hunter2\" }]",
        "[[listen]]\nhttp = \"127.0.0.1:1\"\nroute = [{ upstream = \"x\", relax = \"hunter2\" }]",
    ] {
        let wrong = parse(text).err().expect(text).to_string();
        assert!(!wrong.contains("hunter2"), "{wrong}");
        assert!(wrong.starts_with("blackbar.toml:"), "{wrong}");
    }
}

#[test]
fn paths_are_relative_to_the_file() {
    let source = Source {
        folder: PathBuf::from("etc"),
        ..Source::of("etc/blackbar.toml", EVERY_KEY.to_owned())
    };
    let file = source.parse().unwrap();
    let route = &file.listen[0].route[0];
    let tls = file.listen[0].tls.as_ref().unwrap();
    let identity = route.identity.as_ref().unwrap();
    let upstream_tls = file.listen[1].upstream_tls.as_ref().unwrap();
    let forward = file.listen.iter().find(|listen| listen.forward.is_some());
    let forward = forward.unwrap();
    let security = forward.security.as_ref().unwrap();
    let upstream_security = forward.upstream_security.as_ref().unwrap();
    for path in [
        &file.detect.rules[0],
        &file.detect.candidates[0],
        &tls.certificate,
        &tls.key,
        tls.client_ca.as_ref().unwrap(),
        route.ca.as_ref().unwrap(),
        &route.detect.rules[0],
        &identity.certificate,
        &identity.key,
        &file.listen[1].detect.rules[0],
        upstream_tls.ca.as_ref().unwrap(),
        file.listen[3].headers["X-Key"].file.as_ref().unwrap(),
        &security.shared_key_file,
        &security.users["ann"],
        &upstream_security.shared_key_file,
        upstream_security.password_file.as_ref().unwrap(),
    ] {
        assert!(path.starts_with("etc"), "{}", path.display());
    }
}
