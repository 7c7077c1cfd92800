//! The little that has to be known of a schema to mask its messages.

/// A message: which of its fields are what. Fields that are not listed are unknown.
pub(crate) struct Message {
    /// Its fields by number.
    pub(crate) fields: &'static [(u32, Kind)],
    /// Set if the message gives a value a name.
    pub(crate) named: Option<Named>,
}

/// Which fields of a message hold a name and which its value.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    /// The field with the name.
    pub(crate) name: Option<u32>,
    /// The field with the name's index in the table of strings.
    pub(crate) index: Option<u32>,
    /// The field with the value.
    pub(crate) value: u32,
}

/// What a field of bytes is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Ids of 16 bytes at most; they stay.
    Id,
    /// A string.
    Text,
    /// A message.
    Message(&'static Message),
    /// A message that is one value of any type, as OpenTelemetry's `AnyValue`.
    Any(&'static AnyValue),
}

/// The numbers of the fields of a message that is one value of any type.
pub(crate) struct AnyValue {
    /// A string.
    pub(crate) string: u32,
    /// A varint, signed.
    pub(crate) int: u32,
    /// A double.
    pub(crate) double: u32,
    /// Bytes of any kind.
    pub(crate) bytes: u32,
    /// The index of a string in the table of strings.
    pub(crate) index: u32,
    /// Messages that hold further values.
    pub(crate) containers: &'static [(u32, &'static Message)],
}

impl Message {
    /// A message whose fields have no bearing on each other.
    pub(crate) const fn of(fields: &'static [(u32, Kind)]) -> Self {
        Self {
            fields,
            named: None,
        }
    }

    /// What a field is; `None` if it is unknown.
    pub(crate) fn kind(&self, number: u32) -> Option<Kind> {
        let field = self.fields.iter().find(|(known, _)| *known == number);
        field.map(|(_, kind)| *kind)
    }
}
