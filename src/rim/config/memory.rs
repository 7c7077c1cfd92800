//! How much memory bodies may occupy together.

use std::fs;

/// What the process needs besides bodies.
const OWN: u64 = 64 << 20;
/// What is shared out where nothing limits the process.
const UNLIMITED: u64 = 1 << 30;
/// Less would not do for one small body.
const LEAST: u64 = 8 << 20;

/// How many times its size a body claims: what came, what leaves, and what the engine holds
/// of it.
pub(crate) const CLAIM: usize = 3;

/// Two thirds of what the control group leaves beside the process's own needs, since the
/// buffers of connections, the kernel's too, are not counted in the budget. A body claims
/// [`CLAIM`] times its size.
pub(crate) fn budget() -> usize {
    // https://docs.kernel.org/admin-guide/cgroup-v2.html, and version 1, as a container
    // sees its own group.
    let files = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let texts = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok());
    let limit = texts.filter_map(|text| limit(&text)).min();
    usize::try_from(of_limit(limit)).unwrap_or(usize::MAX / 2)
}

/// `max`, and version 1's largest number of pages, are no limit.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|&bytes| bytes < 1 << 60)
}

fn of_limit(limit: Option<u64>) -> u64 {
    let shared = limit.map_or(UNLIMITED, |limit| limit.saturating_sub(OWN));
    (shared / 3 * 2).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_both_versions() {
        assert_eq!(limit("268435456\n"), Some(256 << 20));
        assert_eq!(limit("max\n"), None);
        assert_eq!(limit("9223372036854771712\n"), None);
    }

    #[test]
    fn two_thirds_of_what_is_left() {
        assert_eq!(of_limit(Some(256 << 20)), 128 << 20);
        assert_eq!(of_limit(None), (1 << 30) / 3 * 2);
        assert_eq!(of_limit(Some(1)), LEAST);
    }
}
