//! Where a configuration comes from: a file, the environment, options. Each wins over what
//! stands before it.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;

use crate::rim::cli::detection::DetectionOptions;
use crate::rim::config::FilesRead;
use crate::rim::config::build::{self, Built, Surroundings};
use crate::rim::config::file::schema::{Admin, File, Listen, Route};
use crate::rim::config::file::value::Address;
use crate::rim::config::file::{Source, Wrong};
use crate::rim::config::serve::LogFormat;
use crate::rim::config::stream::{Destination, StreamAddress};
use crate::rim::config::url;
use crate::rim::exit::Failure;
use crate::rim::payload::format;

/// Options that make a configuration.
#[derive(Args)]
pub(crate) struct ConfigurationOptions {
    /// The configuration file, TOML; - reads standard input
    ///
    /// `blackbar config check` validates it, `blackbar config show` prints it with all
    /// defaults. What the options below say wins over it; lists are added to it.
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "BLACKBAR_CONFIG",
        hide_env = true,
        help_heading = "Configuration"
    )]
    config: Option<PathBuf>,

    /// Listen on ADDR and send all requests on to URL; repeatable
    ///
    /// `--http 127.0.0.1:9000=https://sentry.example`. A whole configuration by itself;
    /// with a file, one more listener.
    #[arg(
        long,
        value_name = "ADDR=URL",
        env = "BLACKBAR_HTTP",
        hide_env = true,
        value_delimiter = ',',
        help_heading = "Configuration"
    )]
    http: Vec<String>,

    /// Listen on ADDR and send all lines on to UPSTREAM; repeatable
    ///
    /// `--tcp 0.0.0.0:5170=shipper:5171`; `unix:/path` is possible on both sides. A
    /// connection there for each one here; the file knows more. UPSTREAM may also be
    /// `stdout:`, `file:/path` or, for batches of lines, a URL or `forward:HOST:PORT`.
    #[arg(
        long,
        value_name = "ADDR=UPSTREAM",
        env = "BLACKBAR_TCP",
        hide_env = true,
        value_delimiter = ',',
        help_heading = "Configuration"
    )]
    tcp: Vec<String>,

    /// Listen on ADDR for Fluent Forward and send it on to UPSTREAM; repeatable
    ///
    /// `--forward 0.0.0.0:24224=fluentd:24224`; `unix:/path` is possible on both sides. Keys
    /// and TLS are for the file.
    #[arg(
        long,
        value_name = "ADDR=UPSTREAM",
        env = "BLACKBAR_FORWARD",
        hide_env = true,
        value_delimiter = ',',
        help_heading = "Configuration"
    )]
    forward: Vec<String>,

    /// Answer /healthz, /readyz and /metrics on ADDR, such as 127.0.0.1:9001
    #[arg(
        long,
        value_name = "ADDR",
        env = "BLACKBAR_ADMIN",
        hide_env = true,
        help_heading = "Configuration"
    )]
    admin: Option<Address>,

    /// How the log on standard error is written
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        env = "BLACKBAR_LOG_FORMAT",
        hide_env = true,
        help_heading = "Configuration"
    )]
    log_format: Option<LogFormat>,

    /// Try the rules of a file or directory: count what they find, mask nothing by them
    ///
    /// The counts are in the metric `blackbar_candidate_findings_total`.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Configuration")]
    rules_observe: Vec<PathBuf>,

    #[command(flatten)]
    detection: DetectionOptions,
}

impl ConfigurationOptions {
    /// The file, if there is one that can be read again.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        let is_file = |path: &&PathBuf| path.as_os_str() != "-";
        self.config.as_ref().filter(is_file)
    }

    /// The text of the configuration, which options alone do not have.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        match &self.config {
            Some(path) => Ok(Source::read(path)?),
            None => Ok(Source::options()),
        }
    }

    /// What the text and the options say together, with the defaults filled in.
    ///
    /// # Errors
    ///
    /// The text does not hold, or an option has no meaning.
    pub(crate) fn read(&self, source: &Source) -> Result<File, Failure> {
        let mut file = source.parse()?;
        for text in &self.http {
            file.listen.push(listener(text)?);
        }
        for text in &self.tcp {
            let (tcp, upstream) = stream("--tcp", "0.0.0.0:5170=shipper:5171", text)?;
            file.listen.push(Listen {
                tcp: Some(tcp),
                upstream: Some(upstream),
                ..Listen::default()
            });
        }
        for text in &self.forward {
            let (forward, upstream) = stream("--forward", "0.0.0.0:24224=fluentd:24224", text)?;
            file.listen.push(Listen {
                forward: Some(forward),
                upstream: Some(upstream),
                ..Listen::default()
            });
        }
        if let Some(listen) = self.admin {
            file.admin = Some(Admin { listen });
        }
        file.log.format = self.log_format.unwrap_or(file.log.format);
        file.detect
            .candidates
            .extend(self.rules_observe.iter().cloned());
        self.detection.overlay(&mut file);
        build::effective(&mut file);
        Ok(file)
    }

    /// All of it, checked and compiled.
    ///
    /// # Errors
    ///
    /// Besides, the whole does not hold together.
    pub(crate) fn build(&self) -> Result<(File, Built), Failure> {
        let source = self.source()?;
        let file = self.read(&source)?;
        let surroundings = surroundings(SystemTime::now(), None);
        let built = build::build(&file, &source, &surroundings)?;
        Ok((file, built))
    }
}

/// What a configuration is held against at a time. With `files`, nothing is read.
pub(crate) fn surroundings(now: SystemTime, files: Option<FilesRead>) -> Surroundings {
    Surroundings {
        now,
        formats: format::names().collect(),
        files,
    }
}

/// `ADDR=URL`. Parsed here and not by clap, whose errors show the value: a URL may have a
/// password where it should not.
fn listener(text: &str) -> Result<Listen, Wrong> {
    let wrong = |what: String| wrong("--http", &what);
    let form = "write ADDR=URL, such as 127.0.0.1:9000=https://backend.example";
    let (address, upstream) = text.split_once('=').ok_or_else(|| wrong(form.to_owned()))?;
    let http = address.parse::<Address>();
    let http = http.map_err(|error| wrong(format!("before the `=`, {error}")))?;
    url::base(upstream).map_err(|what| wrong(format!("after the `=`, {what}")))?;
    Ok(Listen {
        http: Some(http),
        route: vec![Route::to(upstream)],
        ..Listen::default()
    })
}

/// `ADDR=UPSTREAM`, such as the example.
fn stream(option: &str, example: &str, text: &str) -> Result<(StreamAddress, Destination), Wrong> {
    let form = || wrong(option, &format!("write ADDR=UPSTREAM, such as {example}"));
    let (address, upstream) = text.split_once('=').ok_or_else(form)?;
    let address = address.parse::<StreamAddress>();
    let address = address.map_err(|error| wrong(option, &format!("before the `=`, {error}")))?;
    let upstream = upstream.parse::<Destination>();
    let upstream = upstream.map_err(|error| wrong(option, &format!("after the `=`, {error}")))?;
    Ok((address, upstream))
}

fn wrong(option: &str, what: &str) -> Wrong {
    Wrong {
        file: None,
        at: None,
        key: String::new(),
        what: format!("{option}: {what}"),
    }
}
