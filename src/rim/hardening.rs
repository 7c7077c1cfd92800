//! What the process forbids itself, and what it asks for.

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

/// Lets a write beyond the limit on the size of files (`ulimit -f`) fail as one to a full
/// disk does: the signal that comes with it would end the process, with a torn line.
pub(crate) fn survive_file_sizes() {
    use std::sync::Arc;
    // Nobody looks at the flag. Where this is refused, the signal keeps its effect.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Lets the process have as many open files as it may: each connection is one or two, and
/// the limit that a shell starts with is for programs that use `select`.
pub(crate) fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where it is refused, connections beyond the limit wait.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}
