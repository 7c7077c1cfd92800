use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn try_open(&self, rotation: Option<(u64, u32)>) -> io::Result<Lines> {
        Lines::open(&FileSink {
            path: self.path("log"),
            rotation: rotation.map(|(size, keep)| Rotation { size, keep }),
        })
    }

    fn open(&self, rotation: Option<(u64, u32)>) -> Lines {
        self.try_open(rotation).unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

/// Appends everything.
fn append(lines: &mut Lines, text: &str) {
    let mut appended = 0;
    while appended < text.len() {
        let count = lines.append(&text.as_bytes()[appended..]).unwrap();
        assert!(text[..appended + count].ends_with('\n') && count > 0);
        appended += count;
    }
}

#[test]
fn it_is_made_for_its_owner_and_appended_to() {
    let folder = Folder::new();
    append(&mut folder.open(None), "a\n");
    append(&mut folder.open(None), "b\nc\n");
    assert_eq!(folder.read("log"), "a\nb\nc\n");
    let mode = fs::metadata(folder.path("log")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[test]
fn no_line_is_split_lost_or_doubled_by_rotation() {
    let folder = Folder::new();
    let all: Vec<String> = (0..300)
        .map(|number| format!("{number} {}\n", "x".repeat(number * 7 % 90)))
        .collect();
    let mut lines = folder.open(Some((200, 1000)));
    for some in all.chunks(7) {
        append(&mut lines, &some.concat());
    }
    let rotated = (1..).take_while(|number| folder.path(&format!("log.{number}")).exists());
    let count = rotated.count();
    assert!(count > 50, "{count}");
    let names = (1..=count).rev().map(|number| format!("log.{number}"));
    let texts: Vec<String> = names
        .chain(["log".to_owned()])
        .map(|name| folder.read(&name))
        .collect();
    for text in &texts {
        assert!(text.len() <= 200 && text.ends_with('\n'), "{text}");
    }
    assert_eq!(texts.concat(), all.concat());
}

#[test]
fn a_line_that_is_longer_than_a_file_has_one_to_itself() {
    let folder = Folder::new();
    let mut lines = folder.open(Some((4, 3)));
    append(&mut lines, "a\nlonger\nb\n");
    assert_eq!(folder.read("log.2"), "a\n");
    assert_eq!(folder.read("log.1"), "longer\n");
    assert_eq!(folder.read("log"), "b\n");
}

#[test]
fn the_oldest_goes_and_nothing_moves_past_a_gap() {
    let folder = Folder::new();
    let mut lines = folder.open(Some((2, 2)));
    append(&mut lines, "a\nb\nc\nd\n");
    assert_eq!(folder.read("log.1") + &folder.read("log.2"), "c\nb\n");
    assert!(!folder.path("log.3").exists());
    fs::remove_file(folder.path("log.1")).unwrap();
    append(&mut lines, "e\n");
    assert_eq!(folder.read("log.1") + &folder.read("log.2"), "d\nb\n");
}

#[test]
fn a_file_that_was_moved_or_removed_is_opened_again() {
    let folder = Folder::new();
    let mut lines = folder.open(None);
    append(&mut lines, "a\n");
    fs::rename(folder.path("log"), folder.path("moved")).unwrap();
    append(&mut lines, "b\n");
    assert_eq!(folder.read("moved") + &folder.read("log"), "a\nb\n");
    fs::remove_file(folder.path("log")).unwrap();
    append(&mut lines, "c\n");
    assert_eq!(folder.read("log"), "c\n");
    // As logrotate does with copytruncate.
    fs::write(folder.path("log"), "").unwrap();
    append(&mut lines, "d\n");
    assert_eq!(folder.read("log"), "d\n");
}

#[test]
fn a_line_that_was_left_torn_is_ended() {
    let folder = Folder::new();
    fs::write(folder.path("log"), "whole\nto").unwrap();
    append(&mut folder.open(Some((100, 1))), "a\n");
    assert_eq!(folder.read("log"), "whole\nto\na\n");
}

#[test]
fn what_is_torn_is_cut_off_only_if_it_is_the_end() {
    let folder = Folder::new();
    let mut lines = folder.open(None);
    append(&mut lines, "whole\n");
    lines.file.write_all(b"to").unwrap();
    assert!(!lines.cut(6, 7));
    assert!(lines.cut(6, 8));
    assert_eq!(folder.read("log"), "whole\n");
}

#[test]
fn only_regular_files_are_written_and_links_are_not_followed() {
    let folder = Folder::new();
    let elsewhere = folder.path("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    symlink(&elsewhere, folder.path("log")).unwrap();
    assert!(folder.try_open(None).is_err());
    fs::remove_file(folder.path("log")).unwrap();
    let mut lines = folder.open(None);
    fs::remove_file(folder.path("log")).unwrap();
    symlink(&elsewhere, folder.path("log")).unwrap();
    assert!(lines.append(b"a\n").is_err());
    assert_eq!(folder.read("elsewhere"), "");
    fs::remove_file(folder.path("log")).unwrap();
    for make in [
        |path: &Path| fs::create_dir(path),
        |path: &Path| {
            let owner = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            Ok(rustix::fs::mkfifoat(rustix::fs::CWD, path, owner)?)
        },
    ] {
        make(&folder.path("log")).unwrap();
        assert!(folder.try_open(None).is_err());
        let path = folder.path("log");
        fs::remove_dir(&path)
            .or_else(|_| fs::remove_file(&path))
            .unwrap();
    }
}
