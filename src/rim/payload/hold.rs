//! Bytes that are held until more have come.

/// Appends `chunk`. Memory grows by a quarter and not to the double as it does elsewhere,
/// since all bodies share one budget.
pub(crate) fn append(held: &mut Vec<u8>, chunk: &[u8]) {
    if held.capacity() - held.len() < chunk.len() {
        held.reserve_exact(chunk.len().max(held.len() / 4));
    }
    held.extend_from_slice(chunk);
}

#[cfg(test)]
mod tests {
    use super::append;

    #[test]
    fn memory_grows_in_proportion() {
        let mut held = Vec::new();
        for _ in 0..10_000 {
            append(&mut held, b"twelve bytes");
            assert!(held.capacity() <= held.len() + held.len() / 4 + 12);
        }
        assert_eq!(held, b"twelve bytes".repeat(10_000));
    }
}
