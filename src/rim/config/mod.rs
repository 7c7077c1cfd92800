//! What the operator asked for: from options and from the configuration file to values
//! that the transports run on. Nothing here opens a connection.

pub(crate) mod detection;
mod ids;
pub(crate) mod policy;
pub(crate) mod serve;

pub(crate) use detection::{ConfigError, Detection, pack_files, read_pack, read_packs};
pub(crate) use ids::unknown_id;
