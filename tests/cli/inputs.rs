//! What can be wrong with an input, and that the others are not held back.

use std::fs;
use std::io::Read;

use crate::support::{FIND, Files, assert_one_line, blackbar, ended, find, run, start};

#[test]
fn a_missing_file_is_named_and_the_rest_processed() {
    let files = Files::new();
    let a = files.write("a", "a hunter2\n");
    let missing = files.path("missing.log");
    let b = files.write("b", "b\n");
    let run = find(&[a, missing, b], b"");
    assert_eq!(run.code, Some(3));
    assert_eq!(run.out, b"a [REDACTED]\nb\n");
    assert_one_line(&run.err);
    assert!(
        run.err.contains("missing.log: No such file or directory"),
        "{}",
        run.err
    );
}

#[test]
fn a_directory_is_told_apart() {
    let files = Files::new();
    let run = run(&[files.dir()], b"");
    assert_eq!(run.code, Some(3));
    assert_one_line(&run.err);
    assert!(run.err.contains("is a directory"), "{}", run.err);
}

#[test]
fn an_unreadable_file_is_named() {
    let files = Files::new();
    let path = files.write("closed", "text\n");
    let mut permissions = path.metadata().expect("it is there").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0);
    fs::set_permissions(&path, permissions).expect("it is ours");
    if fs::File::open(&path).is_ok() {
        eprintln!("skipped: root reads everything");
        return;
    }
    let run = run(&[path], b"");
    assert_eq!(run.code, Some(3));
    assert!(run.err.contains("closed: Permission denied"), "{}", run.err);
}

#[test]
fn a_name_with_control_characters_cannot_break_the_message() {
    let files = Files::new();
    let run = run(&[files.path("x\n\x1b[31mfake")], b"");
    assert_one_line(&run.err);
    assert!(!run.err.contains('\x1b'));
}

#[test]
fn an_endless_device_is_bounded_by_its_reader() {
    let mut child = start(blackbar().arg("/dev/zero"));
    let mut head = vec![1; 3_000_000];
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut head).expect("as much as we want");
    drop(stdout);
    assert!(head.iter().all(|byte| *byte == 0));
    assert_eq!(ended(child), (Some(0), String::new()));
}

#[test]
fn a_bounded_endless_device_comes_out_whole() {
    let zeros = vec![0; 9_000_001];
    let run = run::<&str>(&[], &zeros);
    assert_eq!(run.code, Some(0));
    assert!(run.out == zeros);
}

#[test]
fn s8_data_that_hides_secrets_is_refused() {
    let cases: [(&str, &[u8], &str, &str); 19] = [
        ("gzip", b"\x1f\x8b\x08\0", "gzip", "-z"),
        ("zstd", b"\x28\xb5\x2f\xfd", "zstd", "-z"),
        ("zstd skippable", b"\x53\x2a\x4d\x18", "zstd", "-z"),
        ("xz", b"\xfd7zXZ\0", "xz", "-z"),
        ("bzip2", b"BZh91AY&SY", "bzip2", "-z"),
        (
            "empty bzip2",
            b"BZh9\x17\x72\x45\x38\x50\x90",
            "bzip2",
            "-z",
        ),
        ("zip", b"PK\x03\x04\x14\0", "zip", "unzip -p"),
        ("empty zip", b"PK\x05\x06\0\0", "zip", "unzip -p"),
        ("zip in parts", b"PK\x07\x08PK", "zip", "unzip -p"),
        ("7z", b"7z\xbc\xaf\x27\x1c", "7z", "7z x -so"),
        ("lz4", b"\x04\x22\x4d\x18", "lz4", "lz4 -dc"),
        ("old lz4", b"\x02\x21\x4c\x18", "lz4", "lz4 -dc"),
        ("snappy", b"\xff\x06\0\0sNaPpY", "snappy", "-z does not"),
        ("rar", b"Rar!\x1a\x07\x01\0", "rar", "unrar p -inul"),
        ("compress", b"\x1f\x9d\x90", "compress", "uncompress -c"),
        ("UTF-16LE", b"\xff\xfet\0", "UTF-16", "--encoding utf-16"),
        ("UTF-16BE", b"\xfe\xff\0t", "UTF-16", "--encoding utf-16"),
        ("UTF-32LE", b"\xff\xfe\0\0", "UTF-32", "iconv"),
        ("UTF-32BE", b"\0\0\xfe\xff", "UTF-32", "iconv"),
    ];
    for (name, head, kind, mend) in cases {
        let mut input = head.to_vec();
        input.extend(b" hunter2 and more\n".repeat(1000));
        let run = find::<&str>(&[], &input);
        assert_eq!(run.code, Some(3), "{name}");
        assert_eq!(run.out, b"", "{name}");
        assert_one_line(&run.err);
        assert!(
            run.err.contains(kind) && run.err.contains(mend),
            "{name}: {}",
            run.err
        );
    }
}

#[test]
fn s8_a_refused_file_does_not_hold_back_others() {
    let files = Files::new();
    let zipped = files.write("old.gz", b"\x1f\x8b\x08\0rest");
    let plain = files.write("new", "new hunter2\n");
    let run = find(&[zipped, plain], b"");
    assert_eq!(run.code, Some(3));
    assert_eq!(run.out, b"new [REDACTED]\n");
    assert!(run.err.contains("old.gz"), "{}", run.err);
}

#[test]
fn s8_less_than_a_signature_is_text() {
    for text in [
        &b"\x1f"[..],
        b"BZh9",
        b"BZh9 is a name\n",
        b"\xff",
        b"\0\0\xfe",
        b"(\xb5/",
        b"P*M\n",
        b"PK\x03",
        b"PK is a name\n",
        b"7z is a name\n",
        b"Rar! it cried\n",
        b"\xff\x06",
    ] {
        let run = run::<&str>(&[], text);
        assert_eq!(run.code, Some(0), "{text:?}");
        assert_eq!(run.out, text);
    }
}

#[test]
fn s8_standard_input_is_looked_at_too_when_it_drips() {
    let mut command = blackbar();
    command.args(FIND);
    let mut filter = crate::support::Live::start(command);
    for byte in b"\x1f\x8b" {
        filter.write(&[*byte]);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let (status, messages) = filter.end();
    assert_eq!(status.code(), Some(3));
    assert_eq!(filter.seen, b"");
    assert!(
        messages.contains("standard input begins like gzip data"),
        "{messages}"
    );
}

#[test]
fn s8_what_cannot_be_decompressed_is_refused_with_z_as_well() {
    for head in [&b"PK\x03\x04\x14\0"[..], b"\x04\x22\x4d\x18"] {
        let run = find(&["-z"], &[head, b" hunter2"].concat());
        assert_eq!((run.code, &run.out[..]), (Some(3), &b""[..]));
        assert_one_line(&run.err);
        assert!(run.err.contains("-z does not unpack it"), "{}", run.err);
    }
}
