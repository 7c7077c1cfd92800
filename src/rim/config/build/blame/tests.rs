use crate::rim::config::build::tests::{built, route};

#[test]
fn all_that_is_wrong_is_told_in_one_go() {
    let text = "[detect]\nfields = [\"good\"]\npatterns = [\"a+\", \"(\", \"acme-[0-9]{8}\", \"[\"]\n\
                disable = [\n { id = \"jwt\", reason = \"x\" },\n { id = \"jtw\", reason = \"\" },\n]\n\
                [limits]\nmax_ratio = 0\n\
                [[listen]]\nhttp = \"127.0.0.1:9000\"\n\
                [[listen.route]]\nname = \"a b\"\npath = \"x\"\nupstream = \"x\"\nformat = \"jsno\"\n\
                [[listen.route]]\nupstream = \"http://x\"\nmethods = [\"get\"]\n";
    let wrongs = built(text).err().unwrap();
    let places: Vec<_> = wrongs
        .iter()
        .map(|wrong| (wrong.at.unwrap(), wrong.key.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ((3, 19), "detect.patterns"),
            ((3, 41), "detect.patterns"),
            ((6, 9), "detect.disable.id"),
            ((6, 25), "detect.disable.reason"),
            ((9, 13), "limits.max_ratio"),
            ((13, 8), "listen.route.name"),
            ((14, 8), "listen.route.path"),
            ((15, 12), "listen.route.upstream"),
            ((16, 10), "listen.route.format"),
            ((19, 12), "listen.route.methods"),
        ],
        "{wrongs}"
    );
}

#[test]
fn what_a_route_adds_is_at_fault_where_it_stands() {
    let keys = "detect = { fields = [\"good\"], patterns = [\"acme-[0-9]{8}\", \"(\"] }\n\
                relax = [\n { allow_value = \"x\", reason = \"x\", until = 2027-01-31 },\n \
                { disable = \"jwt\", reason = \"x\", until = 2026-01-31 },\n \
                { disable = \"jtw\", reason = \"x\", until = 2027-01-31 },\n]";
    let wrongs = built(&route(
        "[detect]\ndisable = [{ id = \"stripe\", reason = \"x\" }]",
        keys,
    ));
    let wrongs = wrongs.err().unwrap();
    let places: Vec<_> = wrongs
        .iter()
        .map(|wrong| (wrong.at.unwrap(), wrong.key.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ((7, 60), "listen.route.detect.patterns"),
            ((11, 14), "listen.route.relax.disable"),
        ],
        "{wrongs}"
    );
}
