//! What the operator asked for: from options and from the configuration file to values
//! that the transports run on. Nothing here opens a connection.

pub(crate) mod build;
pub(crate) mod detection;
pub(crate) mod file;
pub(crate) mod forward;
mod ids;
mod memory;
pub(crate) mod passes;
pub(crate) mod policy;
pub(crate) mod serve;
pub(crate) mod sink;
pub(crate) mod stream;
pub(crate) mod url;

pub(crate) use detection::{ConfigError, Detection, FilesRead, pack_files, read_pack, read_packs};
pub(crate) use ids::unknown_id;
