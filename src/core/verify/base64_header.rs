//! Base64 that hides something with a known beginning.

use super::{Verify, base64};

/// Accepts a secret whose decoded bytes begin with one of these.
pub(super) struct Base64Header {
    pub(super) starts: Vec<Vec<u8>>,
}

impl Verify for Base64Header {
    fn accepts(&self, _matched: &[u8], secret: &[u8]) -> bool {
        self.starts.iter().any(|start| {
            base64::decode(secret)
                .take(start.len())
                .eq(start.iter().copied())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_decides() {
        let header = Base64Header {
            starts: vec![b"{\"".to_vec(), b"-----BEGIN".to_vec()],
        };
        let accepts = |text: &str| header.accepts(b"", base64::encode(text.as_bytes()).as_bytes());
        assert!(accepts("{\"type\":\"service_account\"}"));
        assert!(accepts("-----BEGIN PRIVATE KEY-----"));
        assert!(accepts("{\""));
        assert!(!accepts("{}"));
        assert!(!accepts("-----BEGI"));
        assert!(!accepts(" {\"a\":1}"));
        assert!(!accepts(""));
    }
}
