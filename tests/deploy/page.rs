//! `deploy/README.md` leads to everything that is there.

use std::fs;
use std::path::Path;

use crate::support::deployed;

#[test]
fn its_links_lead_somewhere_and_leave_nothing_out() {
    let page = fs::read_to_string(deployed("README.md")).expect("readable");
    let links = page.split("](").skip(1);
    let links: Vec<_> = links.filter_map(|rest| rest.split(')').next()).collect();
    let links: Vec<_> = links
        .into_iter()
        .filter(|link| !link.contains("://") && !link.starts_with('#'))
        .collect();
    for link in &links {
        let file = link.split('#').next().expect("a path");
        assert!(deployed(file).exists(), "{link} leads nowhere");
    }
    for folder in ["", "kubernetes"] {
        for entry in fs::read_dir(deployed(folder)).expect("readable") {
            let name = entry.expect("readable").file_name();
            let path = format!("{folder}/{}", name.to_str().expect("UTF-8"));
            let path = path.trim_start_matches('/');
            let is_linked = links.iter().any(|link| Path::new(link).starts_with(path));
            assert!(is_linked || path == "README.md", "nothing leads to {path}");
        }
    }
}
