//! The framing of a chunked body, checked by the letter of RFC 9112, 7.1.

use crate::rim::http::answer::Reason;
use crate::rim::http::strict::head::field;

/// Bytes of all trailers at most.
const MAX_TRAILERS: usize = 8 * 1024;

/// Follows the framing of one chunked body. Chunk extensions are refused: no client of
/// ours sends them, and readers disagree about how they end.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    at: At,
    /// Bytes of trailers so far.
    trailers: usize,
    /// The trailer line that is not whole yet.
    line: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// In a size of so many digits so far.
    Size { digits: u8, size: u64 },
    /// After the CR of a size.
    SizeEnd { size: u64 },
    /// So many bytes are left.
    Data(u64),
    /// After the data.
    DataCr,
    /// After its CR.
    DataLf,
    /// In a trailer line, or the empty line.
    Trailer,
    /// After the CR of a trailer line, or of the empty line.
    TrailerEnd,
    /// The body has ended.
    End,
}

impl Default for At {
    fn default() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

impl Chunked {
    /// Follows `bytes`; returns how many of them belong to the body.
    ///
    /// # Errors
    ///
    /// The framing is broken.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> Result<usize, Reason> {
        let mut at = 0;
        while at < bytes.len() && self.at != At::End {
            if let At::Data(left) = self.at {
                let here = left.min((bytes.len() - at) as u64);
                at += here as usize;
                self.at = if here == left {
                    At::DataCr
                } else {
                    At::Data(left - here)
                };
            } else {
                self.at = self.step(bytes[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    /// Whether the last byte was the body's last.
    pub(crate) fn has_ended(&self) -> bool {
        self.at == At::End
    }

    fn step(&mut self, byte: u8) -> Result<At, Reason> {
        match (self.at, byte) {
            (At::Size { digits, size }, _) if byte.is_ascii_hexdigit() && digits < 15 => {
                let digit = (byte as char).to_digit(16).unwrap_or_default();
                Ok(At::Size {
                    digits: digits + 1,
                    size: size * 16 + u64::from(digit),
                })
            }
            (At::Size { digits: 1.., size }, b'\r') => Ok(At::SizeEnd { size }),
            (At::SizeEnd { size: 0 }, b'\n') => Ok(At::Trailer),
            (At::SizeEnd { size }, b'\n') => Ok(At::Data(size)),
            (At::DataCr, b'\r') => Ok(At::DataLf),
            (At::DataLf, b'\n') => Ok(At::default()),
            (At::Trailer, b'\r') => Ok(At::TrailerEnd),
            (At::Trailer, _) => self.trailer(byte),
            (At::TrailerEnd, b'\n') => self.end_of_trailer(),
            _ => Err(Reason::BadChunk),
        }
    }

    fn trailer(&mut self, byte: u8) -> Result<At, Reason> {
        self.trailers += 1;
        if self.trailers > MAX_TRAILERS {
            return Err(Reason::HeadTooLarge);
        }
        self.line.push(byte);
        Ok(At::Trailer)
    }

    fn end_of_trailer(&mut self) -> Result<At, Reason> {
        if self.line.is_empty() {
            return Ok(At::End);
        }
        field(&self.line).map_err(|_| Reason::BadChunk)?;
        self.line.clear();
        Ok(At::Trailer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bodies_end_where_they_end() {
        for body in [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "00a\r\n0123456789\r\n1\r\nx\r\n000\r\nX-Sum: 1\r\nY: 2\r\n\r\n",
        ] {
            let mut chunked = Chunked::default();
            let all = format!("{body}GET / HTTP/1.1");
            assert_eq!(chunked.follow(all.as_bytes()), Ok(body.len()));
            assert!(chunked.has_ended());
            for end in 0..body.len() {
                let mut cut = Chunked::default();
                assert_eq!(cut.follow(&body.as_bytes()[..end]), Ok(end));
                assert!(!cut.has_ended());
            }
        }
    }

    #[test]
    fn broken_framing_is_refused_at_any_cut() {
        for body in [
            "\r\n",
            "5;a=b\r\nhello\r\n",
            "5 \r\nhello\r\n",
            "+5\r\nhello\r\n",
            "0x5\r\nhello\r\n",
            "5\nhello\r\n",
            "5\r\nhello0\r\n",
            "5\r\nhello\n0\r\n",
            "ffffffffffffffff\r\n",
            "0\r\nno colon\r\n\r\n",
            "0\r\nX : y\r\n\r\n",
            "0\r\n folded: y\r\n\r\n",
            "0\r\nX: a\nY: b\r\n\r\n",
        ] {
            let whole = Chunked::default().follow(body.as_bytes());
            assert_eq!(whole, Err(Reason::BadChunk), "{body:?}");
            let mut slow = Chunked::default();
            let cut = body.bytes().find_map(|byte| slow.follow(&[byte]).err());
            assert_eq!(cut, Some(Reason::BadChunk), "{body:?}");
        }
    }

    #[test]
    fn trailers_without_end_are_refused() {
        let body = [b"0\r\nX: ".as_slice(), &vec![b'a'; MAX_TRAILERS]].concat();
        assert_eq!(Chunked::default().follow(&body), Err(Reason::HeadTooLarge));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(bytes in "[0-9a;:\r\nx]{0,40}", cut in 0_usize..40) {
            let bytes = bytes.as_bytes();
            let cut = cut.min(bytes.len());
            let mut whole = Chunked::default();
            let once = whole.follow(bytes);
            let mut halves = Chunked::default();
            let twice = halves.follow(&bytes[..cut]).and_then(|first| {
                Ok(first + halves.follow(&bytes[cut..])?)
            });
            prop_assert_eq!(once, twice);
            prop_assert_eq!(whole.has_ended(), halves.has_ended());
        }
    }
}
