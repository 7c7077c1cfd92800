//! `--jobs`: several threads, the same bytes.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Files, Run, assert_one_line, blackbar, ended, run, start, wait};

/// Some MiB of lines, with secrets, key blocks and values on lines of their own all over
/// it, so that some lie across every place at which it may be cut.
fn log() -> Vec<u8> {
    let dashes = "-".repeat(5);
    let body = format!("{}\n", "q7Rk2Vx9Lm4TzW8p".repeat(4)).repeat(300);
    let mut log = Vec::new();
    for round in 0..60 {
        for line in 0..600 + round {
            let _ = write!(log, "{round}:{line} GET /orders/{line} took {round} ms\r\n");
        }
        let _ = write!(log, "login password='correct horse {round}'\npassword:\n");
        let _ = write!(log, "  hunter2\nmore\n");
        let _ = write!(log, "{dashes}BEGIN RSA PRIVATE KEY{dashes}\n{body}");
        let _ = writeln!(log, "{dashes}END RSA PRIVATE KEY{dashes}");
        if round == 30 {
            log.extend(b"a line longer than any segment ".repeat(100_000));
            log.extend(b"token='hunter2' ");
        }
    }
    log.extend(b"secret='no newline'");
    log
}

fn jobs(count: &str, arguments: &[&Path]) -> Run {
    let arguments = arguments.iter().map(|path| path.as_os_str());
    let options = ["--jobs", count, "--stats=json"].map(AsRef::as_ref);
    let mut run = run(
        &options.into_iter().chain(arguments).collect::<Vec<_>>(),
        b"",
    );
    // The time that it took is another one every time.
    let mut stats: serde_json::Value = serde_json::from_str(&run.err).expect("JSON");
    stats["seconds"].take();
    run.err = stats.to_string();
    run
}

#[test]
fn the_same_bytes_and_counts() {
    let files = Files::new();
    let large = files.write("large.log", log());
    let small = files.write("small.log", "password=hunter2\n");
    let inputs = [&*large, &*small, &*large];
    let one = jobs("1", &inputs);
    assert_eq!(one.code, Some(0));
    assert!(!one.out_text().contains("q7Rk2Vx9"));
    for count in ["0", "2", "5"] {
        // Assertions on so much would print it all.
        assert!(jobs(count, &inputs) == one, "{count} jobs");
    }
}

#[test]
fn a_file_in_place_or_unpacked_too() {
    let files = Files::new();
    let log = log();
    let path = files.write("large.log", &log);
    let expected = jobs("1", &[&path]).out;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&log).expect("into memory");
    let packed = files.write("large.gz", encoder.finish().expect("into memory"));
    assert!(jobs("3", &["-z".as_ref(), &*packed]).out == expected);
    let in_place = run(
        &["-j2".as_ref(), "--in-place".as_ref(), path.as_os_str()],
        b"",
    );
    assert_eq!((in_place.code, in_place.err.as_str()), (Some(0), ""));
    assert!(fs::read(path).expect("it is there") == expected);
}

#[test]
fn a_document_is_one_record_still() {
    let files = Files::new();
    let entry = "  {\"password\": \"hunter2\", \"id\": 1},\n";
    let document = format!("[\n{}  null\n]\n", entry.repeat(100_000));
    let path = files.write("dump.json", document);
    let one = jobs("1", &[&path]);
    assert!(one.err.contains("\"records\":1,"), "{}", one.err);
    assert!(jobs("2", &[&path]) == one);
    let framed = ["--format".as_ref(), "json".as_ref(), &*path];
    assert!(jobs("2", &framed) == one);
}

#[test]
fn a_pipe_is_not_kept_waiting() {
    let mut command = blackbar();
    command.args(["--jobs", "4", "--pattern", "hunter2"]);
    let mut filter = crate::support::Live::start(command);
    filter.write(b"one hunter2\n");
    filter.expect(b"one [REDACTED]\n");
}

#[test]
fn a_number_that_cannot_be_meant_is_refused() {
    for count in ["-1", "many", "1025", ""] {
        let run = run(&[format!("--jobs={count}")], b"");
        assert_eq!(run.code, Some(2), "{count}");
    }
}

#[test]
fn a_signal_ends_it_and_replaces_nothing() {
    let files = Files::new();
    let input = files.path("in");
    // A hole: long to read, and no space on the disk.
    fs::File::create(&input)
        .and_then(|file| file.set_len(1 << 40))
        .expect("a sparse file");
    let output = files.write("out", "old\n");
    let mut child = blackbar()
        .args(["--jobs", "2"])
        .arg(&input)
        .arg("-o")
        .arg(&output)
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    while files.names().len() < 3 {
        sleep(Duration::from_millis(2));
    }
    sleep(Duration::from_millis(50));
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it is running");
    assert_eq!(wait(&mut child).code(), Some(128 + 15));
    assert_eq!(files.names(), ["in", "out"]);
    assert_eq!(fs::read(output).expect("there"), b"old\n");
}

/// What left before the signal is the beginning of what would have left.
#[test]
fn a_signal_leaves_a_beginning() {
    let files = Files::new();
    let log = log().repeat(8);
    let path = files.write("large.log", &log);
    let whole = jobs("1", &[&path]).out;
    let mut command = blackbar();
    command.args(["-j2"]).arg(path);
    let mut child = start(&mut command);
    let mut stdout = child.stdout.take().expect("piped");
    let mut seen = vec![0; 1 << 20];
    stdout.read_exact(&mut seen).expect("it writes");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it is running");
    stdout.read_to_end(&mut seen).expect("readable");
    let (code, message) = ended(child);
    assert_eq!(code, Some(128 + 15));
    assert_one_line(&message);
    // At the end stands what a forced end makes of the open line.
    let common = seen.iter().zip(&whole).take_while(|(a, b)| a == b).count();
    assert!(common < whole.len());
    let rest = &seen[common..];
    assert!(rest.len() < 64, "{} of {}", rest.len(), seen.len());
}

/// A limit of the address space allows fewer threads, and is no reason to abort.
#[test]
fn fewer_threads_where_there_is_no_room_for_them() {
    let files = Files::new();
    let large = files.write("large.log", log().repeat(8));
    let expected = jobs("1", &[&large]);
    for kibibytes in ["60000", "200000", "500000"] {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", "ulimit -v \"$1\" && exec \"$0\" -j32 \"$2\""])
            .arg(blackbar().get_program())
            .arg(kibibytes)
            .arg(&large);
        let output = command.output().expect("sh runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{kibibytes}: {error}");
        assert!(output.stdout == expected.out, "{kibibytes}");
    }
}
