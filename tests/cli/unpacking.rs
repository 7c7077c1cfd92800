//! `-z` and `--encoding`: what would hide secrets is made readable first.

use std::io::Write;

use crate::support::{Files, assert_one_line, find, run};

const TEXT: &[u8] = b"one hunter2\ntwo\nthree hunter2";
const MASKED: &[u8] = b"one [REDACTED]\ntwo\nthree [REDACTED]";

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).expect("into memory");
    encoder.finish().expect("into memory")
}

fn zstd(data: &[u8]) -> Vec<u8> {
    // With a checksum, as the command writes it.
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("into memory");
    encoder.include_checksum(true).expect("into memory");
    encoder.write_all(data).expect("into memory");
    encoder.finish().expect("into memory")
}

fn xz(data: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(data).expect("into memory");
    encoder.finish().expect("into memory")
}

fn bzip2(data: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(data).expect("into memory");
    encoder.finish().expect("into memory")
}

type Codec = (&'static str, fn(&[u8]) -> Vec<u8>);
const CODECS: [Codec; 4] = [("gzip", gzip), ("zstd", zstd), ("xz", xz), ("bzip2", bzip2)];

#[test]
fn every_codec_is_told_by_its_first_bytes() {
    let files = Files::new();
    for (name, compress) in CODECS {
        let run = find(&["-z"], &compress(TEXT));
        assert_eq!(
            (run.code, &run.out[..]),
            (Some(0), MASKED),
            "{name}: {}",
            run.err
        );
        let path = files.write("no-telling-name", compress(TEXT));
        assert_eq!(
            find(&["--decompress".as_ref(), path.as_os_str()], b"").out,
            MASKED,
            "{name}"
        );
    }
}

#[test]
fn members_follow_each_other_like_one() {
    for (name, compress) in CODECS {
        // A secret is cut in two by the members' border.
        let mut both = compress(b"one hunt");
        both.extend(compress(b""));
        both.extend(compress(&TEXT[8..]));
        let run = find(&["-z"], &both);
        assert_eq!(
            (run.code, &run.out[..]),
            (Some(0), MASKED),
            "{name}: {}",
            run.err
        );
    }
}

#[test]
fn empty_members_are_empty() {
    for (name, compress) in CODECS {
        let run = find(&["-z"], &compress(b""));
        assert_eq!(
            (run.code, run.out.len()),
            (Some(0), 0),
            "{name}: {}",
            run.err
        );
    }
}

#[test]
fn plain_input_passes_beside_compressed() {
    let files = Files::new();
    let paths = [
        files.write("a.gz", gzip(b"a hunter2\n")),
        files.write("b", "b hunter2\n"),
    ];
    let arguments = [paths[0].as_os_str(), paths[1].as_os_str(), "-z".as_ref()];
    assert_eq!(find(&arguments, b"").out, b"a [REDACTED]\nb [REDACTED]\n");
}

#[test]
fn large_data_comes_out_whole() {
    let lines: Vec<u8> = (0..200_000u32)
        .flat_map(|n| format!("line {n} hunter2\n").into_bytes())
        .collect();
    let expected = String::from_utf8_lossy(&lines).replace("hunter2", "[REDACTED]");
    for (name, compress) in CODECS {
        assert!(
            find(&["-z"], &compress(&lines)).out == expected.as_bytes(),
            "{name}"
        );
    }
}

/// Cut anywhere, the end is never taken for the data's own.
#[test]
fn g8_data_that_ends_too_early_is_an_error() {
    for (name, compress) in CODECS {
        let whole = compress(TEXT);
        for cut in (7..whole.len()).step_by(5).chain([whole.len() - 1]) {
            let run = find(&["-z"], &whole[..cut]);
            assert_eq!(run.code, Some(3), "{name} cut at {cut}");
            assert!(!run.out_text().contains("hunter2"), "{name} cut at {cut}");
            assert!(
                run.err.contains(&format!("its {name} data ends too early")),
                "{}",
                run.err
            );
        }
    }
}

#[test]
fn g8_corrupt_data_is_an_error() {
    for (name, compress) in CODECS {
        let mut data = compress(&TEXT.repeat(50));
        let middle = data.len() / 2;
        data[middle..middle + 8].fill(0x55);
        let run = find(&["-z"], &data);
        assert_eq!(run.code, Some(3), "{name}");
        assert!(!run.out_text().contains("hunter2"), "{name}");
        assert!(run.err.contains(name), "{name}: {}", run.err);
    }
}

#[test]
fn g8_garbage_after_the_end_is_an_error() {
    for (name, compress) in CODECS {
        let mut data = compress(b"text\n");
        data.extend(b"hunter2 garbage");
        let run = find(&["-z"], &data);
        assert_eq!(
            (run.code, &run.out[..]),
            (Some(3), &b"text\n"[..]),
            "{name}: {}",
            run.err
        );
    }
}

#[test]
fn what_is_unpacked_is_looked_at_again() {
    let twice = run(&["-z"], &gzip(&zstd(TEXT)));
    assert_eq!((twice.code, twice.out.len()), (Some(3), 0));
    assert_one_line(&twice.err);
    assert!(twice.err.contains("compressed twice"), "{}", twice.err);

    let wide = run(&["-z"], &gzip(&utf16le(&with_mark("text"))));
    assert_eq!((wide.code, wide.out.len()), (Some(3), 0));
    assert!(wide.err.contains("--encoding utf-16"), "{}", wide.err);

    let both = find(
        &["-z", "--encoding", "utf-16"],
        &gzip(&utf16le(&with_mark("a hunter2\n"))),
    );
    assert_eq!(
        (both.code, &both.out[..]),
        (Some(0), &b"a [REDACTED]\n"[..])
    );
}

#[test]
fn an_encoding_does_not_excuse_compression() {
    let run = run(&["--encoding", "utf-16"], &gzip(TEXT));
    assert_eq!((run.code, run.out.len()), (Some(3), 0));
}

fn with_mark(text: &str) -> String {
    format!("\u{feff}{text}")
}

fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[test]
fn utf16_is_decoded() {
    let text = "Zürich hunter2 😀\r\n";
    let masked = "Zürich [REDACTED] 😀\r\n";
    let cases = [
        ("utf-16", utf16le(&with_mark(text))),
        ("utf-16", utf16be(&with_mark(text))),
        ("UTF-16LE", utf16le(text)),
        ("utf-16be", utf16be(text)),
        ("utf-16le", utf16be(&with_mark(text))),
        ("auto", utf16be(&with_mark(text))),
        ("auto", text.as_bytes().to_vec()),
    ];
    for (label, bytes) in cases {
        let run = find(&["--encoding", label], &bytes);
        assert_eq!(
            (run.code, run.out_text().as_str()),
            (Some(0), masked),
            "{label}"
        );
    }
}

#[test]
fn other_encodings_are_decoded() {
    let run = find(&["--encoding", "windows-1252"], b"Z\xfcrich hunter2 \x80\n");
    assert_eq!(run.out_text(), "Zürich [REDACTED] €\n");
}

#[test]
fn what_cannot_be_decoded_is_replaced_and_not_dropped() {
    let mut bytes = utf16le("a hunter2");
    bytes.push(b'x');
    let run = find(&["--encoding", "utf-16le"], &bytes);
    assert_eq!(run.out_text(), "a [REDACTED]\u{fffd}");
}

#[test]
fn encodings_that_are_none_are_refused() {
    for label in ["utf-17", "", "replacement", "iso-2022-kr"] {
        let run = run(&["--encoding", label], b"text\n");
        assert_eq!((run.code, run.out.len()), (Some(2), 0), "{label}");
        assert!(run.err.contains("no such encoding"), "{}", run.err);
    }
}

#[test]
fn utf32_is_refused_even_with_an_encoding() {
    let run = run(&["--encoding", "utf-16"], b"\xff\xfe\0\0t\0\0\0");
    assert_eq!((run.code, run.out.len()), (Some(3), 0));
    assert!(run.err.contains("UTF-32"), "{}", run.err);
}
