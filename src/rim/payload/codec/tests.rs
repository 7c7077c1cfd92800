//! Each codec: there and back, several members, truncated, corrupt, bombs.

use super::*;
use crate::rim::payload::sample::policy;
use proptest::prelude::*;

/// All codings by name; the second `deflate` is the one without zlib's header.
pub(crate) const NAMES: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

/// Encodes with codings as in `Content-Encoding`.
pub(crate) fn encoded(codings: &str, plain: &[u8]) -> Vec<u8> {
    let codings = Coding::parse(codings).expect("known codings");
    codings.into_iter().fold(plain.to_vec(), |bytes, coding| {
        coding.decode().expect("a decoder").encode(&bytes)
    })
}

/// Decodes with small limits.
pub(crate) fn decoded(codings: &str, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    decoded_in(usize::MAX, codings, bytes)
}

fn decoded_in(size: usize, codings: &str, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let codings = Coding::parse(codings).expect("known codings");
    let mut decoder = Decoder::new(&codings, &policy());
    let mut out = Vec::new();
    for chunk in bytes.chunks(size) {
        decoder.write(chunk, &mut out)?;
    }
    decoder.end()?;
    Ok(out)
}

fn raw_deflate(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn deflate_without_a_header_is_written_without_one() {
    for plain in [b"".as_slice(), b"a", b"some text, some text, some text"] {
        for size in [1, 2, usize::MAX] {
            let mut decoder = Decoder::new(&[Coding::Deflate], &policy());
            let mut out = Vec::new();
            for chunk in raw_deflate(plain).chunks(size) {
                decoder.write(chunk, &mut out).expect("decodes");
            }
            decoder.end().expect("ends");
            assert_eq!(out, plain);
            let again = decoder.encode(out);
            assert_ne!(again.first().copied().unwrap_or_default() & 0x0f, 8);
            assert_eq!(decoded("deflate", &again).as_deref(), Ok(plain));
        }
    }
}

#[test]
fn many_members_are_fine_and_nothing_but_empty_ones_are_not() {
    for coding in ["gzip", "zstd"] {
        let (one, empty) = (encoded(coding, b"a line of text\n"), encoded(coding, b""));
        let plain = b"a line of text\n".repeat(200);
        assert_eq!(decoded(coding, &one.repeat(200)), Ok(plain), "{coding}");
        let many = empty.repeat(40_000);
        for size in [7, 4096, usize::MAX] {
            assert_eq!(decoded_in(size, coding, &many), Err(Refusal::TooDense));
        }
    }
}

#[test]
fn members_follow_one_another_where_the_format_has_them() {
    for coding in NAMES {
        let mut two = encoded(coding, b"one ");
        two.extend_from_slice(&encoded(coding, b"two"));
        for size in [1, usize::MAX] {
            let both = decoded_in(size, coding, &two);
            match coding {
                "gzip" | "zstd" => assert_eq!(both.as_deref(), Ok(b"one two".as_slice())),
                _ => assert_eq!(both, Err(Refusal::CorruptEncoding)),
            }
        }
    }
}

#[test]
fn what_ends_too_early_or_too_late_is_corrupt() {
    for coding in NAMES.into_iter().chain(["gzip, zstd", "br, deflate"]) {
        let whole = encoded(
            coding,
            b"a body that is long enough to be cut anywhere in it",
        );
        for end in 1..whole.len() {
            let cut = decoded(coding, &whole[..end]);
            assert_eq!(cut, Err(Refusal::CorruptEncoding), "{coding} at {end}");
        }
        for garbage in [
            b"x".as_slice(),
            b"\0\0\0\0\0\0",
            b"\x1f\x8b",
            b"garbage of some length",
        ] {
            let mut long = whole.clone();
            long.extend_from_slice(garbage);
            let late = decoded_in(1, coding, &long);
            assert_eq!(decoded(coding, &long), late);
            if coding == "gzip" && garbage[0] == 0 {
                continue;
            }
            assert_eq!(late, Err(Refusal::CorruptEncoding), "{coding}");
        }
    }
}

#[test]
fn zeros_behind_gzip_are_padding() {
    let mut bytes = encoded("gzip", b"one ");
    bytes.extend_from_slice(&encoded("gzip", b"two"));
    for zeros in [1, 7, 512] {
        bytes.resize(bytes.len() + zeros, 0);
        for size in [1, 5, usize::MAX] {
            assert_eq!(
                decoded_in(size, "gzip", &bytes).as_deref(),
                Ok(&b"one two"[..])
            );
        }
        let stacked = encoded("br", &bytes);
        assert_eq!(
            decoded("gzip, br", &stacked).as_deref(),
            Ok(&b"one two"[..])
        );
    }
    for end in [&b"x"[..], &encoded("gzip", b"three")] {
        let longer = [&bytes[..], end].concat();
        for size in [1, 5, usize::MAX] {
            let late = decoded_in(size, "gzip", &longer);
            assert_eq!(late, Err(Refusal::CorruptEncoding));
        }
    }
}

#[test]
fn checksums_count() {
    for coding in ["gzip", "deflate"] {
        let mut broken = encoded(coding, b"some text");
        let last = broken.len() - 5 + usize::from(coding == "deflate") * 4;
        broken[last] ^= 1;
        assert_eq!(
            decoded(coding, &broken),
            Err(Refusal::CorruptEncoding),
            "{coding}"
        );
    }
}

#[test]
fn bombs_are_refused_long_before_they_fill_memory() {
    let mut policy = policy();
    policy.max_body = 1 << 30;
    let zeros = vec![0; 24 << 20];
    for codings in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "zstd, br"] {
        let bomb = encoded(codings, &zeros);
        let mut refusals = Vec::new();
        for size in [100, usize::MAX] {
            let codings = Coding::parse(codings).expect("known codings");
            let mut decoder = Decoder::new(&codings, &policy);
            let mut out = Vec::new();
            let mut chunks = bomb.chunks(size);
            let refused = chunks.find_map(|chunk| decoder.write(chunk, &mut out).err());
            assert!(out.len() as u64 <= FREE + 100 * (bomb.len() as u64 + BLOCK));
            refusals.push(refused.or_else(|| decoder.end().err()));
        }
        assert_eq!(refusals, [Some(Refusal::TooDense); 2], "{codings}");
    }
    policy.max_ratio = u32::MAX;
    policy.max_body = 4 << 20;
    for codings in NAMES {
        let mut decoder = Decoder::new(&Coding::parse(codings).expect("known"), &policy);
        let mut out = Vec::new();
        let refused = decoder.write(&encoded(codings, &zeros), &mut out);
        assert_eq!(refused, Err(Refusal::TooLarge), "{codings}");
        assert!(out.len() <= 4 << 20);
    }
}

#[test]
fn skippable_frames_are_refused() {
    let mut bytes = encoded("zstd", b"one");
    bytes.extend_from_slice(b"\x50\x2a\x4d\x18\x03\0\0\0abc");
    assert_eq!(decoded("zstd", &bytes), Err(Refusal::CorruptEncoding));
    assert_eq!(decoded_in(1, "zstd", &bytes), Err(Refusal::CorruptEncoding));
}

#[test]
fn a_header_of_gzip_has_an_end() {
    let mut bytes = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff".to_vec();
    bytes.resize(1 << 20, b'a');
    let mut decoder = Decoder::new(&[Coding::Gzip], &policy());
    let refused = decoder.write(&bytes, &mut Vec::new());
    assert_eq!(refused, Err(Refusal::CorruptEncoding));
    assert!(decoder.held() < 512 * 1024);
}

#[test]
fn windows_have_a_limit() {
    // Frame heads that ask for 16 MiB (zstd) and for a large window (br).
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 14 << 3, 0x01, 0x00, 0x00];
    assert_eq!(decoded("zstd", &zstd), Err(Refusal::CorruptEncoding));
    assert_eq!(
        decoded("br", &[0x11, 0x1e, 0x03]),
        Err(Refusal::CorruptEncoding)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn there_and_back(
        plain in proptest::collection::vec(any::<u8>(), 0..300),
        codings in prop::sample::select(vec!["gzip", "x-gzip", "deflate", "br", "zstd", "gzip,br", "zstd, deflate"]),
        size in 1..40_usize,
    ) {
        let bytes = encoded(codings, &plain);
        prop_assert_eq!(decoded_in(size, codings, &bytes), Ok(plain));
    }

    /// Whatever the bytes: no panic, and the cuts cannot be seen.
    #[test]
    fn any_bytes(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        coding in prop::sample::select(NAMES.to_vec()),
    ) {
        prop_assert_eq!(decoded_in(1, coding, &bytes), decoded(coding, &bytes));
    }
}
