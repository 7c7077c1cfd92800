//! What a secret looks like, without saying what it is.

/// The shape of a secret: `ghp_ and 36 of [A-Za-z0-9]`. `prefix` is what anybody may
/// know of it, and is told where the secret begins with it and goes on.
pub(crate) fn shape(secret: &[u8], prefix: Option<&[u8]>) -> String {
    let known = prefix.filter(|prefix| secret.len() > prefix.len() && secret.starts_with(prefix));
    let rest = &secret[known.map_or(0, <[u8]>::len)..];
    let told = format!("{} of {}", rest.len(), classes(rest));
    match known {
        Some(prefix) => format!("{} and {told}", prefix.escape_ascii()),
        None => told,
    }
}

/// The kinds of bytes that a text holds. Of punctuation no more is told than that there
/// is some: a short password may be little else.
fn classes(text: &[u8]) -> String {
    let has = |class: fn(&u8) -> bool| text.iter().any(class);
    let sets: String = [
        (has(u8::is_ascii_uppercase), "A-Z"),
        (has(u8::is_ascii_lowercase), "a-z"),
        (has(u8::is_ascii_digit), "0-9"),
    ]
    .into_iter()
    .filter_map(|(there, set)| there.then_some(set))
    .collect();
    let others = [
        (has(u8::is_ascii_punctuation), "punctuation"),
        (
            has(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')),
            "blanks",
        ),
        (
            has(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n')),
            "control bytes",
        ),
        (has(|byte| !byte.is_ascii()), "bytes beyond ASCII"),
    ];
    let sets = (!sets.is_empty()).then(|| format!("[{sets}]"));
    let others = others
        .into_iter()
        .filter(|&(there, _)| there)
        .map(|(_, name)| name.to_owned());
    let all: Vec<String> = sets.into_iter().chain(others).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_tell_the_public_prefix_and_classes() {
        assert_eq!(
            shape(b"ghp_aB3aB3", Some(b"ghp_")),
            "ghp_ and 6 of [A-Za-z0-9]"
        );
        assert_eq!(shape(b"ghp_", Some(b"ghp_")), "4 of [a-z], punctuation");
        assert_eq!(shape(b"hunter2", Some(b"passw")), "7 of [a-z0-9]");
        assert_eq!(
            shape(b"\xc3\xa4 \x01", None),
            "4 of blanks, control bytes, bytes beyond ASCII"
        );
    }
}
