//! How long a line takes through an idle pipe: blackbar beside cat.
//!
//!     cargo bench --bench latency [-- --lines N]
//!
//! Why: what stands between a program and its log must not hold a line back, and a filter
//! that waits for a buffer to fill, or hands lines from thread to thread, looks fine in
//! every measurement of throughput. A line is written, and the clock runs until it has
//! come out; then both pipes rest. The tools take turns, so that a slow moment of the
//! machine strikes all. Before anything is timed each must answer as it should. Exit
//! status 1 if a mark is missed.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How much later than through cat the median line may come out.
const MARK: Duration = Duration::from_micros(100);

/// Between two lines: whoever waits for the next one is asleep by then.
const REST: Duration = Duration::from_micros(500);

/// A line without and one with a secret.
const LINES: [&str; 2] = [
    "10:01 GET /orders/4711 200 in 12 ms for ada\n",
    "10:02 login user=ada password='correct horse' from 10.0.0.7\n",
];

/// A running filter with an idle pipe before and behind it.
struct Filter {
    name: &'static str,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    answer: String,
    times: Vec<Duration>,
}

impl Filter {
    fn start(name: &'static str, program: &str, arguments: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let closed = || io::Error::other("no pipe");
        Ok(Self {
            name,
            stdin: child.stdin.take().ok_or_else(closed)?,
            stdout: BufReader::new(child.stdout.take().ok_or_else(closed)?),
            child,
            answer: String::new(),
            times: Vec::new(),
        })
    }

    /// One line in and out again.
    fn pass(&mut self, line: &str) -> io::Result<Duration> {
        self.answer.clear();
        let start = Instant::now();
        self.stdin.write_all(line.as_bytes())?;
        self.stdout.read_line(&mut self.answer)?;
        Ok(start.elapsed())
    }

    /// The time within which so many of a hundred lines came out.
    fn percentile(&self, percent: usize) -> Duration {
        self.times[(self.times.len() - 1) * percent / 100]
    }

    fn end(mut self) -> io::Result<()> {
        drop(self.stdin);
        self.child.wait().map(|_| ())
    }
}

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = env::args().collect();
    let option = arguments.iter().position(|argument| argument == "--lines");
    let count = option
        .and_then(|at| arguments.get(at + 1))
        .map_or(Ok(4000), |count| count.parse::<usize>());
    let count = count.map_err(|error| io::Error::other(format!("--lines: {error}")))?;

    let blackbar = env!("CARGO_BIN_EXE_blackbar");
    let mut filters = [
        Filter::start("cat", "cat", &[])?,
        Filter::start("standard", blackbar, &["--profile", "standard"])?,
        Filter::start("article", blackbar, &["--profile", "article"])?,
    ];
    for line in LINES {
        for filter in &mut filters {
            filter.pass(line)?;
            let (name, answer) = (filter.name, &filter.answer);
            let masked = name != "cat" && line.contains("password");
            assert_eq!(answer != line, masked, "{name}: {answer}");
            assert_eq!(answer.contains("[REDACTED]"), masked, "{name}: {answer}");
        }
    }
    let lines = LINES.into_iter().cycle();
    for line in lines.take(count.max(1)) {
        for filter in &mut filters {
            sleep(REST);
            let time = filter.pass(line)?;
            filter.times.push(time);
        }
    }

    println!("{count} lines through idle pipes, microseconds from in to out\n");
    println!("| filter | median | 9 of 10 | median behind cat |\n|---|---:|---:|---:|");
    for filter in &mut filters {
        filter.times.sort_unstable();
    }
    let cat = filters[0].percentile(50);
    let mut missed = false;
    for filter in &filters {
        let (median, most) = (filter.percentile(50), filter.percentile(90));
        let added = median.saturating_sub(cat);
        missed |= added >= MARK;
        println!(
            "| {} | {:.0} | {:.0} | {:.0} |",
            filter.name,
            micros(median),
            micros(most),
            micros(added)
        );
    }
    let outcome = if missed { "MISSED" } else { "met" };
    println!("\nmark {:.0} behind cat: {outcome}", micros(MARK));
    for filter in filters {
        filter.end()?;
    }
    Ok(ExitCode::from(u8::from(missed)))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
