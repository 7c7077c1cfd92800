//! What the rivals have in common: the seven patterns, and a loop over standard input.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

/// What blackbar reads at once.
const READ: usize = 256 << 10;

/// What each match becomes.
pub const MASK: &str = "[REDACTED]";

/// The article's seven patterns. Lines come without their newlines or are not left by a
/// pattern, and `\s` is one of ASCII, which is right for the corpora.
pub const PATTERNS: [&str; 7] = [
    r#"(?i:password)=[\x27"][^\x27"\n]+[\x27"]"#,
    r#"(?i:secret)=[\x27"][^\x27"\n]+[\x27"]"#,
    r#"(?i:token)=[\x27"][^\x27"\n]+[\x27"]"#,
    r#"(?i:key)=[\x27"][^\x27"\n]+[\x27"]"#,
    r"Bearer[ \t\r\x0b\x0c]+[A-Za-z0-9\-._~+/]+=*",
    r"sk_live_[A-Za-z0-9]+",
    r"postgresql://[^@\n]+@",
];

/// Reads standard input in blocks of whole lines and writes what `filter` appends for
/// each. Buffers are reused; the last line may lack its newline.
///
/// # Errors
///
/// Those of reading and writing.
pub fn filter_blocks(mut filter: impl FnMut(&[u8], &mut Vec<u8>)) -> io::Result<()> {
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut held = vec![0; READ];
    let mut out = Vec::with_capacity(2 * READ);
    let mut filled = 0;
    loop {
        if filled == held.len() {
            held.resize(2 * filled, 0);
        }
        let length = input.read(&mut held[filled..])?;
        let end = filled + length;
        let newline = held[filled..end].iter().rposition(|&byte| byte == b'\n');
        let whole = match newline {
            Some(at) => filled + at + 1,
            None if length == 0 => end,
            None => 0,
        };
        if whole > 0 {
            out.clear();
            filter(&held[..whole], &mut out);
            output.write_all(&out)?;
            held.copy_within(whole..end, 0);
        }
        if length == 0 {
            return Ok(());
        }
        filled = end - whole;
    }
}
