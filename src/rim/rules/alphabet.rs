//! Alphabets of tokens: told from samples, written as classes.

/// Fewer bytes than this in all samples say too little to tell hexadecimal digits from
/// letters and digits.
const TELLING: usize = 16;

/// Alphabets of tokens, the small ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// 0-9
    Digit,
    /// 0-9a-f
    Hex,
    /// 0-9A-F
    UpperHex,
    /// a-z
    Lower,
    /// A-Z
    Upper,
    /// 0-9a-z
    LowerDigit,
    /// 0-9A-Z
    UpperDigit,
    /// A-Za-z
    Alpha,
    /// A-Za-z0-9
    Alnum,
    /// A-Za-z0-9 - _
    Base64Url,
    /// A-Za-z0-9 + /
    Base64,
    /// A-Za-z0-9 and - . _ ~ + /
    Token68,
}

impl Alphabet {
    const ALL: [Self; 12] = [
        Self::Digit,
        Self::Hex,
        Self::UpperHex,
        Self::Lower,
        Self::Upper,
        Self::LowerDigit,
        Self::UpperDigit,
        Self::Alpha,
        Self::Alnum,
        Self::Base64Url,
        Self::Base64,
        Self::Token68,
    ];

    /// The smallest one that has all of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let has_all = |alphabet: &Self| bytes.iter().all(|&byte| alphabet.has(byte));
        let smallest = Self::ALL.into_iter().find(has_all)?;
        // A few bytes are of a small alphabet by chance.
        let wide = matches!(smallest, Self::Base64Url | Self::Base64 | Self::Token68);
        Some(if bytes.len() < TELLING && !wide {
            Self::Alnum
        } else {
            smallest
        })
    }

    fn has(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::UpperHex => matches!(byte, b'0'..=b'9' | b'A'..=b'F'),
            Self::Lower => byte.is_ascii_lowercase(),
            Self::Upper => byte.is_ascii_uppercase(),
            Self::LowerDigit => byte.is_ascii_lowercase() || byte.is_ascii_digit(),
            Self::UpperDigit => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Alpha => byte.is_ascii_alphabetic(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Base64Url => byte.is_ascii_alphanumeric() || b"-_".contains(&byte),
            Self::Base64 => byte.is_ascii_alphanumeric() || b"+/".contains(&byte),
            Self::Token68 => byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte),
        }
    }

    /// The class of a regular expression.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Digit => "[0-9]",
            Self::Hex => "[0-9a-f]",
            Self::UpperHex => "[0-9A-F]",
            Self::Lower => "[a-z]",
            Self::Upper => "[A-Z]",
            Self::LowerDigit => "[a-z0-9]",
            Self::UpperDigit => "[A-Z0-9]",
            Self::Alpha => "[A-Za-z]",
            Self::Alnum => "[A-Za-z0-9]",
            Self::Base64Url => "[A-Za-z0-9_-]",
            Self::Base64 => "[A-Za-z0-9+/]",
            Self::Token68 => "[A-Za-z0-9._~+/-]",
        }
    }

    /// The class of a template, all of whose bytes are in the alphabet.
    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Digit | Self::UpperHex => "digit",
            Self::Hex | Self::LowerDigit => "hex",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::UpperDigit => "base32",
            Self::Alpha => "alpha",
            Self::Alnum => "alnum",
            Self::Base64Url | Self::Token68 => "base64url",
            Self::Base64 => "base64",
        }
    }
}
