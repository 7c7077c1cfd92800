//! Writes the benchmark corpora as files, for `benches/compare`.
//!
//!     cargo bench --bench write_corpora -- --write DIRECTORY [--mib 64]
//!
//! Each corpus becomes `DIRECTORY/<name>.log`; stdout gets `<name> <bytes> <secrets>`
//! a line. Without `--write` (as under a plain `cargo bench`) nothing is done.

mod corpus;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let Some(directory) = option("--write").map(PathBuf::from) else {
        return Ok(());
    };
    let mib = option("--mib").map_or(Ok(64), |mib| mib.parse::<usize>());
    let mib = mib.map_err(|error| io::Error::other(format!("--mib: {error}")))?;
    fs::create_dir_all(&directory)?;
    for kind in corpus::KINDS.into_iter().chain([corpus::Kind::Fields]) {
        let corpus = corpus::Corpus::new(kind, mib << 20);
        fs::write(
            directory.join(kind.name()).with_extension("log"),
            &corpus.text,
        )?;
        println!("{} {} {}", kind.name(), corpus.text.len(), corpus.secrets);
    }
    Ok(())
}
