//! S5: complete records leave at once, unfinished ones wait.

use std::io::Write;
use std::process::Stdio;

use crate::support::{FIND, Live, blackbar, wait};

fn live(arguments: &[&str]) -> Live {
    let mut command = blackbar();
    command.args(FIND).args(arguments);
    Live::start(command)
}

#[test]
fn a_line_is_out_while_the_pipe_stays_open() {
    let mut filter = live(&[]);
    filter.write(b"one hunter2\n");
    filter.expect(b"one [REDACTED]\n");
    filter.write(b"two\nthree\n");
    filter.expect(b"one [REDACTED]\ntwo\nthree\n");
}

#[test]
fn half_a_line_waits_for_its_end() {
    let mut filter = live(&[]);
    filter.write(b"whole line\nhalf hun");
    filter.expect(b"whole line\n");
    filter.expect_silence();
    filter.write(b"ter2 rest\n");
    filter.expect(b"whole line\nhalf [REDACTED] rest\n");
}

#[test]
fn the_look_at_the_first_bytes_delays_nothing() {
    let mut filter = live(&[]);
    filter.write(b"\n");
    filter.expect(b"\n");
    // The start of a bzip2 stream, as a line.
    let mut filter = live(&[]);
    filter.write(b"BZh\n");
    filter.expect(b"BZh\n");
}

#[test]
fn compressed_lines_leave_when_their_bytes_are_there() {
    let mut filter = live(&["-z"]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for line in [&b"first hunter2\n"[..], b"second\n"] {
        encoder.write_all(line).expect("into memory");
        encoder.flush().expect("into memory");
        let bytes = std::mem::take(encoder.get_mut());
        filter.write(&bytes);
        let mut expected = b"first [REDACTED]\n".to_vec();
        if line == b"second\n" {
            expected.extend(line);
        }
        filter.expect(&expected);
    }
}

/// Everything that the bytes stand for comes out before more bytes are asked for, even
/// where it is far more than a buffer.
#[test]
fn a_highly_compressed_block_leaves_whole() {
    let lines = b"the same line again and again\n".repeat(60_000);
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(&lines).expect("into memory");
    let bytes = encoder.finish().expect("into memory");
    // Without the last bytes, the stream's sum, the filter cannot know of an end.
    let mut filter = live(&["-z"]);
    filter.write(&bytes[..bytes.len() - 4]);
    filter.expect(&lines);
}

#[test]
fn a_non_blocking_pipe_is_waited_for() {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&reader, true).expect("non-blocking");
    let (out_reader, out_writer) = std::io::pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&out_writer, true).expect("non-blocking");
    let mut command = blackbar();
    let mut child = command
        .args(FIND)
        .stdin(reader)
        .stdout(out_writer)
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the binary starts");
    drop(command);
    std::thread::sleep(std::time::Duration::from_millis(100));
    let lines = b"line after line\n".repeat(100_000);
    let expected = lines.clone();
    let feeder = std::thread::spawn(move || writer.write_all(&lines));
    // Longer than a pipe holds: the filter has to wait for us too.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let out = read_patiently(out_reader);
    feeder.join().expect("no panic").expect("the child reads");
    assert_eq!(wait(&mut child).code(), Some(0));
    assert!(out == expected);
}

fn read_patiently(mut reader: std::io::PipeReader) -> Vec<u8> {
    use std::io::{ErrorKind, Read};
    let mut out = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        match reader.read(&mut buffer) {
            Ok(0) => return out,
            Ok(length) => out.extend(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
}
