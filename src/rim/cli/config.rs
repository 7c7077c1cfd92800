//! `blackbar config`: whether a configuration holds, and what is in effect.

use clap::{Args, Subcommand};

use crate::rim::cli::configuration::ConfigurationOptions;
use crate::rim::cli::report::Report;
use crate::rim::config::file::schema::{File, Listen, Mode};
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::report;

/// Options of `blackbar config`.
#[derive(Args)]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Validate all of it: keys, rules, files, routes; exit 0 or 2
    ///
    /// Nothing is listened on and nothing is connected to. Warnings go to standard error.
    Check(Box<ConfigurationOptions>),
    /// Print the configuration that is in effect, as TOML
    ///
    /// With all defaults, and with all credentials that pass unscanned. It holds no
    /// secrets, and `blackbar config show | blackbar config check -c -` is always fine.
    Show(Box<ConfigurationOptions>),
}

/// Runs the verb.
pub(crate) fn run(command: &ConfigCommand) -> Result<Exit, Failure> {
    let mut out = Report::new();
    match &command.verb {
        Verb::Check(options) => {
            let (file, built) = options.build()?;
            built.warnings.iter().for_each(|warning| report(warning));
            for line in summary(&file, built.warnings.len()) {
                out.line(&line)?;
            }
        }
        Verb::Show(options) => {
            let (file, built) = options.build()?;
            built.warnings.iter().for_each(|warning| report(warning));
            let text = toml::to_string_pretty(&file).map_err(|_| {
                Failure::Usage("a path in the configuration is not UTF-8; rename it".to_owned())
            })?;
            out.line(text.trim_end())?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// What is fine: each listener and route, and how many; and how many warnings there were.
fn summary(file: &File, warnings: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut routes = 0;
    for listen in &file.listen {
        let tls = if listen.tls.is_some() { "s" } else { "" };
        if let Some(address) = listen.http {
            lines.push(format!("http{tls}://{address}"));
        } else {
            lines.push(stream(listen));
        }
        for route in &listen.route {
            routes += 1;
            let mode = match route.mode {
                Mode::Enforce => "",
                Mode::Observe => " (observe)",
            };
            lines.push(format!(
                "  {}: {} -> {}{mode}",
                route.name.as_deref().unwrap_or_default(),
                route.path,
                route.upstream,
            ));
        }
    }
    if let Some(admin) = &file.admin {
        lines.push(format!("admin http://{}", admin.listen));
    }
    let listeners = file.listen.len();
    let told = match warnings {
        0 => "no problems".to_owned(),
        warnings => format!("warnings: {warnings}"),
    };
    lines.push(format!("listeners: {listeners}, routes: {routes}, {told}"));
    lines
}

/// `name: tcp 0.0.0.0:5170 -> shipper:5171`.
fn stream(listen: &Listen) -> String {
    let told = |value: Option<String>| value.unwrap_or_default();
    let (kind, address) = match (&listen.tcp, &listen.forward) {
        (Some(address), _) if listen.tls.is_some() => ("tls", address.to_string()),
        (Some(address), _) => ("tcp", address.to_string()),
        (None, Some(address)) => ("forward", address.to_string()),
        (None, None) => ("udp", told(listen.udp.map(|address| address.to_string()))),
    };
    let upstream = told(listen.upstream.as_ref().map(ToString::to_string));
    let name = told(listen.name.clone());
    format!("{name}: {kind} {address} -> {upstream}")
}
