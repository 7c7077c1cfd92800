//! Whether a route leaves anything to another.

use crate::rim::config::serve::Route;

/// Whether every request that `later` takes is taken by `earlier`.
pub(super) fn covers(earlier: &Route, later: &Route) -> bool {
    let methods = earlier.methods.is_empty()
        || !later.methods.is_empty()
            && later
                .methods
                .iter()
                .all(|method| earlier.methods.contains(method));
    methods && covers_path(&earlier.path, &later.path)
}

fn covers_path(earlier: &str, later: &str) -> bool {
    let (mut earlier, mut later) = (earlier.split('/').peekable(), later.split('/').peekable());
    loop {
        match (earlier.next(), later.next()) {
            (None, None) => return true,
            // A last `*` is the rest of the path; one before it is a segment.
            (Some("*"), Some(_)) if earlier.peek().is_none() => return true,
            (Some(_), Some("*")) if later.peek().is_none() => return false,
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_nothing() {
        for (earlier, later, covered) in [
            ("/*", "/*", true),
            ("/*", "/api/*", true),
            ("/api/*", "/*", false),
            ("/api/*", "/api/1/store/", true),
            ("/api/*", "/api", false),
            ("/api/*/store/", "/api/7/store/", true),
            ("/api/7/store/", "/api/*/store/", false),
            ("/api/*/store/", "/api/*", false),
            ("/x", "/x", true),
            ("/x", "/x/", false),
        ] {
            assert_eq!(covers_path(earlier, later), covered, "{earlier} {later}");
        }
    }
}
