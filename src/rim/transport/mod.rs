//! Ways in and out. Today one: the plain filter.
//!
//! An input is opened ([`input`]), its first bytes looked at ([`sniff`]), unpacked if
//! asked ([`decompress`], [`charset`]), read ([`worker`]), maybe ahead of its turn
//! ([`ahead`]) or on several threads ([`jobs`]), pushed through a session ([`flow`]) and
//! written vectored ([`sink`]) to where it belongs ([`output`], [`in_place`],
//! [`descriptor`]). [`filter`] runs it all beside the signals.

pub(crate) mod ahead;
pub(crate) mod charset;
pub(crate) mod decompress;
pub(crate) mod descriptor;
pub(crate) mod filter;
pub(crate) mod flow;
pub(crate) mod format;
pub(crate) mod in_place;
pub(crate) mod input;
pub(crate) mod jobs;
pub(crate) mod output;
pub(crate) mod patient;
pub(crate) mod pipes;
pub(crate) mod progress;
pub(crate) mod records;
pub(crate) mod signals;
pub(crate) mod sink;
pub(crate) mod sniff;
pub(crate) mod worker;
