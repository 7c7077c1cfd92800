//! Small things that several files ask of bytes.

/// A space or a tab.
#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// How many blanks are skipped at a time, in bytes.
pub(super) const BLANKS: usize = 256;

/// The length of the blanks at the start of `rest`, at most [`BLANKS`]: spaces, tabs and
/// colour codes; with `lines` newlines too, also as they are escaped in strings.
pub(super) fn blanks(rest: &[u8], lines: bool) -> usize {
    let rest = &rest[..rest.len().min(BLANKS)];
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        at += match byte {
            b' ' | b'\t' => 1,
            b'\n' | b'\r' if lines => 1,
            0x1b => match colour(&rest[at..]) {
                Some(length) => length,
                None => break,
            },
            b'\\' if lines => match escaped_blank(&rest[at..]) {
                Some(length) => length,
                None => break,
            },
            _ => break,
        };
    }
    at
}

/// The length of a colour code: ESC, `[`, digits and semicolons, `m`.
pub(super) fn colour(rest: &[u8]) -> Option<usize> {
    let parameters = rest.strip_prefix(b"\x1b[")?;
    let length = count(&parameters[..parameters.len().min(24)], |byte| {
        byte.is_ascii_digit() || byte == b';'
    });
    (parameters.get(length) == Some(&b'm')).then_some(length + 3)
}

/// The length of an escaped newline, carriage return or tab: backslashes and a letter.
pub(super) fn escaped_blank(rest: &[u8]) -> Option<usize> {
    let run = count(&rest[..rest.len().min(BLANKS)], |byte| byte == b'\\');
    (run > 0 && matches!(rest.get(run), Some(b'n' | b'r' | b't'))).then_some(run + 1)
}

/// The value of hexadecimal digits; None where there are others.
pub(super) fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

/// How many bytes at the start of `bytes` fulfil a condition.
#[inline]
pub(super) fn count(bytes: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|&byte| !holds(byte))
        .unwrap_or(bytes.len())
}
