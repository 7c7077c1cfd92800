//! What the process forbids itself.

/// Keeps the memory, and with it the secrets in it, out of core dumps (G7).
///
/// The limit on the size of core files would not do: a kernel that pipes cores to a
/// collector ignores it. Where the call is refused the filter still works, so a
/// refusal is not an error.
pub(crate) fn forbid_core_dumps() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
