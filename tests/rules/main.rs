//! The verbs of `blackbar rules` as a user meets them, one file a verb.

mod diff;
mod import;
mod learn;
mod packs;
#[path = "../cli/support.rs"]
#[allow(dead_code)] // the command's other tests use the rest
mod support;
mod test;
