//! The look at a stream's first bytes: data in which no secret can be seen (S8).
//!
//! UTF-16, UTF-32 and compressed data would pass through a scanner untouched, secrets
//! and all, so they are recognised before the first byte leaves. The look never waits
//! for more than it needs: once no signature can fit any more the bytes go on.

use std::fmt;
use std::io::{self, Read};
use std::ops::RangeInclusive;

use crate::rim::transport::decompress::Codec;

/// What a stream turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    /// Compressed data.
    Compressed(Codec),
    /// Compressed data that cannot be decompressed here.
    Packed(Packed),
    /// Text with a byte order mark of UTF-16.
    Utf16,
    /// Text with a byte order mark of UTF-32.
    Utf32,
}

impl fmt::Display for Magic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compressed(codec) => write!(f, "{codec} data"),
            Self::Packed(packed) => write!(f, "{} data", packed.name()),
            Self::Utf16 => f.write_str("UTF-16 text"),
            Self::Utf32 => f.write_str("UTF-32 text"),
        }
    }
}

/// A form of compressed data that is known by its first bytes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    /// Archives of PKWARE's APPNOTE, with entries, empty or in parts.
    Zip,
    /// Archives of 7-Zip.
    SevenZip,
    /// LZ4 frames, of today and the old ones.
    Lz4,
    /// The framing format of snappy.
    Snappy,
    /// Archives of RAR, 1.5 and later.
    Rar,
    /// What compress(1) writes, `.Z`.
    Compress,
}

impl Packed {
    fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::SevenZip => "7z",
            Self::Lz4 => "lz4",
            Self::Snappy => "snappy",
            Self::Rar => "rar",
            Self::Compress => "compress(1)",
        }
    }

    /// How somebody makes text of it.
    pub(crate) fn mend(self) -> &'static str {
        match self {
            Self::Zip => "-z does not unpack it, pipe it in: unzip -p FILE | blackbar",
            Self::SevenZip => "-z does not unpack it, pipe it in: 7z x -so FILE | blackbar",
            Self::Lz4 => "-z does not unpack it, pipe it in: lz4 -dc FILE | blackbar",
            Self::Snappy => "-z does not unpack it, decompress it before",
            Self::Rar => "-z does not unpack it, pipe it in: unrar p -inul FILE | blackbar",
            Self::Compress => "-z does not unpack it, pipe it in: uncompress -c FILE | blackbar",
        }
    }
}

/// Reads until the stream is told from all others, and returns a reader that begins
/// with the bytes looked at.
pub(crate) fn sniff<R: Read>(mut source: R) -> io::Result<(Option<Magic>, Peeked<R>)> {
    let mut head = vec![0; HEAD];
    let mut length = 0;
    loop {
        let (magic, undecided) = classify(&head[..length]);
        if undecided {
            let read = source.read(&mut head[length..])?;
            length += read;
            if read > 0 {
                continue;
            }
        }
        head.truncate(length);
        return Ok((
            magic,
            Peeked {
                head,
                used: 0,
                source,
            },
        ));
    }
}

/// Far more than the longest signature, so that the first read of a file is not a
/// tiny one.
const HEAD: usize = 16 * 1024;

/// A reader that gives back what was looked at, and then the rest.
pub(crate) struct Peeked<R> {
    head: Vec<u8>,
    used: usize,
    source: R,
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.head.len() {
            return self.source.read(buffer);
        }
        let read = (&self.head[self.used..]).read(buffer)?;
        self.used += read;
        Ok(read)
    }
}

/// The longest signature that `head` begins with, and whether more bytes could make a
/// longer one fit.
pub(crate) fn classify(head: &[u8]) -> (Option<Magic>, bool) {
    let mut found: Option<(usize, Magic)> = None;
    let mut undecided = false;
    for (magic, signature) in SIGNATURES {
        let fits = signature
            .iter()
            .zip(head)
            .all(|(bytes, byte)| bytes.contains(byte));
        if fits && head.len() < signature.len() {
            undecided = true;
        } else if fits && found.is_none_or(|(length, _)| length < signature.len()) {
            found = Some((signature.len(), magic));
        }
    }
    (found.map(|(_, magic)| magic), undecided)
}

type Signature = &'static [RangeInclusive<u8>];

/// RFC 1952, RFC 8878 (frames and skippable frames), the .xz format 2.1.1.1, bzip2
/// (level, then the start of a block's or of the end's magic), APPNOTE 4.3.7, 4.3.16 and
/// 8.5.3, `7zFormat.txt`, `lz4_Frame_format.md`, snappy's `framing_format.txt`, the technical note
/// of RAR, the header of compress(1) with its highest number of bits, Unicode 23.8.
const SIGNATURES: [(Magic, Signature); 19] = [
    (Magic::Compressed(Codec::Gzip), &[b(0x1f), b(0x8b)]),
    (
        Magic::Compressed(Codec::Zstd),
        &[b(0x28), b(0xb5), b(0x2f), b(0xfd)],
    ),
    (
        Magic::Compressed(Codec::Zstd),
        &[0x50..=0x5f, b(0x2a), b(0x4d), b(0x18)],
    ),
    (
        Magic::Compressed(Codec::Xz),
        &[b(0xfd), b(b'7'), b(b'z'), b(b'X'), b(b'Z'), b(0)],
    ),
    (
        Magic::Compressed(Codec::Bzip2),
        &[b(b'B'), b(b'Z'), b(b'h'), b'1'..=b'9', b(0x31), b(0x41)],
    ),
    (
        Magic::Compressed(Codec::Bzip2),
        &[b(b'B'), b(b'Z'), b(b'h'), b'1'..=b'9', b(0x17), b(0x72)],
    ),
    (Magic::Packed(Packed::Zip), &[b(b'P'), b(b'K'), b(3), b(4)]),
    (Magic::Packed(Packed::Zip), &[b(b'P'), b(b'K'), b(5), b(6)]),
    (Magic::Packed(Packed::Zip), &[b(b'P'), b(b'K'), b(7), b(8)]),
    (
        Magic::Packed(Packed::SevenZip),
        &[b(b'7'), b(b'z'), b(0xbc), b(0xaf), b(0x27), b(0x1c)],
    ),
    (
        Magic::Packed(Packed::Lz4),
        &[b(0x04), b(0x22), b(0x4d), b(0x18)],
    ),
    (
        Magic::Packed(Packed::Lz4),
        &[b(0x02), b(0x21), b(0x4c), b(0x18)],
    ),
    (
        Magic::Packed(Packed::Snappy),
        &[
            b(0xff),
            b(6),
            b(0),
            b(0),
            b(b's'),
            b(b'N'),
            b(b'a'),
            b(b'P'),
            b(b'p'),
            b(b'Y'),
        ],
    ),
    (
        Magic::Packed(Packed::Rar),
        &[b(b'R'), b(b'a'), b(b'r'), b(b'!'), b(0x1a), b(0x07)],
    ),
    (
        Magic::Packed(Packed::Compress),
        &[b(0x1f), b(0x9d), 0x89..=0x90],
    ),
    (Magic::Utf16, &[b(0xff), b(0xfe)]),
    (Magic::Utf16, &[b(0xfe), b(0xff)]),
    (Magic::Utf32, &[b(0xff), b(0xfe), b(0), b(0)]),
    (Magic::Utf32, &[b(0), b(0), b(0xfe), b(0xff)]),
];

const fn b(byte: u8) -> RangeInclusive<u8> {
    byte..=byte
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte a read, and panics when asked for more than it has been given.
    struct Grudging<'a>(&'a [u8]);

    impl Read for Grudging<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let (first, rest) = self.0.split_first().expect("one read too many");
            self.0 = rest;
            buffer[0] = *first;
            Ok(1)
        }
    }

    #[test]
    fn waits_only_while_a_signature_fits() {
        for clean in [
            &b"a"[..],
            b"\x1fa",
            b"BZh9a",
            b"BZh91B",
            b"\xfd7zXZa",
            b"\xef",
            b"\0a",
            b"(\xb5/a",
        ] {
            let (magic, _) = sniff(Grudging(clean)).expect("no i/o error");
            assert_eq!(magic, None, "{clean:?}");
        }
    }

    #[test]
    fn the_end_decides() {
        let cases = [
            (&b""[..], None),
            (b"BZh9", None),
            (b"\xff", None),
            (b"\xff\xfe", Some(Magic::Utf16)),
        ];
        for (bytes, magic) in cases {
            let (found, mut rest) = sniff(bytes).expect("no i/o error");
            assert_eq!(found, magic, "{bytes:?}");
            let mut whole = Vec::new();
            rest.read_to_end(&mut whole).expect("no i/o error");
            assert_eq!(whole, bytes);
        }
    }

    #[test]
    fn the_longer_signature_wins() {
        assert_eq!(classify(b"\xff\xfe\0\0").0, Some(Magic::Utf32));
        assert_eq!(classify(b"\xff\xfea\0").0, Some(Magic::Utf16));
        assert_eq!(classify(b"\xff\xfe"), (Some(Magic::Utf16), true));
    }
}
