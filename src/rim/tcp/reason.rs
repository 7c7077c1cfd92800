//! Why a connection ended otherwise than its client wanted.

/// The names are those of logs and metrics, and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// What should be a count of octets is none.
    CountMalformed,
    /// A count of octets is larger than a record may be.
    CountTooLarge,
    /// The client went away in the middle of a counted message.
    FrameIncomplete,
    /// A record that has to be held whole is longer than one may be.
    RecordTooLong,
    /// It is not the Forward protocol.
    NotForward,
    /// A message is longer than one may be, or expands to more.
    MessageTooLarge,
    /// Entries that do not decompress, or values that are no msgpack or nested too deeply.
    Undecodable,
    /// There was no room in the memory that all share.
    Budget,
    /// The client does not know the shared key, or is no user.
    Unauthorized,
    /// Compressed data or UTF-16, in which no secret could be seen.
    Encoded,
    /// The client and we did not agree on TLS.
    Handshake,
    /// The client said nothing for too long.
    Idle,
    /// The client's connection broke.
    ClientLost,
    /// There was a defect of ours.
    Internal,
    /// No connection to the upstream could be made.
    UpstreamUnreachable,
    /// The upstream went away.
    UpstreamLost,
    /// The upstream answered that it failed, or a file could not be written.
    UpstreamFailed,
    /// The upstream answered that it will never take a record.
    UpstreamRefused,
    /// The upstream and we did not agree on a shared key, or whether there is one.
    UpstreamHandshake,
    /// The upstream answered otherwise than a server of Forward does, or not in time.
    UpstreamAnswer,
}

impl Reason {
    /// All of them.
    pub(crate) const ALL: [Self; 20] = [
        Self::CountMalformed,
        Self::CountTooLarge,
        Self::FrameIncomplete,
        Self::RecordTooLong,
        Self::NotForward,
        Self::MessageTooLarge,
        Self::Undecodable,
        Self::Budget,
        Self::Unauthorized,
        Self::Encoded,
        Self::Handshake,
        Self::Idle,
        Self::ClientLost,
        Self::Internal,
        Self::UpstreamUnreachable,
        Self::UpstreamLost,
        Self::UpstreamFailed,
        Self::UpstreamRefused,
        Self::UpstreamHandshake,
        Self::UpstreamAnswer,
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CountMalformed => "count_malformed",
            Self::CountTooLarge => "count_too_large",
            Self::FrameIncomplete => "frame_incomplete",
            Self::RecordTooLong => "record_too_long",
            Self::NotForward => "not_forward",
            Self::MessageTooLarge => "message_too_large",
            Self::Undecodable => "undecodable_message",
            Self::Budget => "memory_budget",
            Self::Unauthorized => "unauthorized",
            Self::Encoded => "encoded",
            Self::Handshake => "tls_handshake",
            Self::Idle => "idle",
            Self::ClientLost => "client_lost",
            Self::Internal => "internal_error",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamLost => "upstream_lost",
            Self::UpstreamFailed => "upstream_failed",
            Self::UpstreamRefused => "upstream_refused",
            Self::UpstreamHandshake => "upstream_handshake",
            Self::UpstreamAnswer => "upstream_answer",
        }
    }

    /// Whether the upstream failed, and not the client.
    pub(crate) fn is_of_upstream(self) -> bool {
        matches!(
            self,
            Self::UpstreamUnreachable
                | Self::UpstreamLost
                | Self::UpstreamFailed
                | Self::UpstreamRefused
                | Self::UpstreamHandshake
                | Self::UpstreamAnswer
        )
    }
}
