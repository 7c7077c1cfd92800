//! Progress is for those who wait.

use std::process::Command;

use crate::support::{Project, line};

#[test]
fn a_short_check_shows_no_progress() {
    let project = Project::new();
    project.write("a.txt", line());
    let run = Command::new("script")
        .args([
            "-qec",
            concat!(env!("CARGO_BIN_EXE_blackbar"), " check a.txt"),
            "/dev/null",
        ])
        .current_dir(project.dir())
        .env("TERM", "xterm")
        .output();
    let Ok(run) = run else {
        return;
    };
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(told.contains("findings: 1"), "{told}");
    assert!(
        !told.contains("0 files") && !told.contains("1 files"),
        "{told}"
    );
}
