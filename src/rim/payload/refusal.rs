//! Why a body cannot go on.

/// Why a body cannot go on. Its text never holds payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum Refusal {
    /// A coding that is not known.
    #[error("the content encoding is not supported")]
    UnknownEncoding,
    /// The encoded bytes are broken or end too early.
    #[error("the body does not decode")]
    CorruptEncoding,
    /// More bytes than the route takes.
    #[error("the body is too large")]
    TooLarge,
    /// The decoded bytes are out of all proportion.
    #[error("the body expands too much")]
    TooDense,
    /// No boundary of an item was found, or the route refuses what cannot be decoded.
    #[error("the body cannot be read in its format")]
    Undecodable,
}

impl Refusal {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::UnknownEncoding,
        Self::CorruptEncoding,
        Self::TooLarge,
        Self::TooDense,
        Self::Undecodable,
    ];

    /// Its name in answers, logs and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnknownEncoding => "unknown_encoding",
            Self::CorruptEncoding => "corrupt_encoding",
            Self::TooLarge => "body_too_large",
            Self::TooDense => "body_expands_too_much",
            Self::Undecodable => "undecodable_body",
        }
    }

    /// The status with which it is answered.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::UnknownEncoding => 415,
            Self::CorruptEncoding | Self::Undecodable => 400,
            Self::TooLarge | Self::TooDense => 413,
        }
    }
}
