//! The options that decide what is masked. Later commands take them as they are.

use std::path::PathBuf;

use blackbar::{Limits, Profile, Redactor, Values};
use clap::Args;
use clap::builder::{FalseyValueParser, PossibleValuesParser, TypedValueParser};

use crate::rim::config::Detection;
use crate::rim::config::file::schema;
use crate::rim::config::file::value::Size;
use crate::rim::exit::Failure;
use crate::rim::size;

/// What is a secret, and how it is masked.
#[derive(Args)]
#[command(next_help_heading = "Detection")]
pub(crate) struct DetectionOptions {
    /// Which rules run, and how strictly [default: standard]
    ///
    /// standard keeps the text around secrets readable; strict also runs the rules that
    /// trade noise for reach, has no benign names and masks what fails its verification;
    /// article is exactly the seven replacements of the article that blackbar started
    /// from; article-errors adds the article's error sanitiser: every property whose
    /// name contains password, secret, token, key, authorization or cookie.
    #[arg(
        short,
        long,
        env = "BLACKBAR_PROFILE",
        hide_env = true,
        value_parser = profile_parser()
    )]
    profile: Option<Profile>,

    /// Add the rules of a file, or of every *.toml in a directory; repeatable
    ///
    /// They run beside the rules that blackbar brings along. `blackbar rules check FILE`
    /// tests them.
    #[arg(long, value_name = "FILE|DIR")]
    rules: Vec<PathBuf>,

    /// Also run an optional pack, e.g. pii, or one rule of it, e.g. pii/email; repeatable
    ///
    /// Optional packs find what is a secret for some logs only; `blackbar rules list`
    /// shows their rules as opt-in.
    #[arg(
        long,
        value_name = "ID",
        env = "BLACKBAR_PACK",
        hide_env = true,
        value_delimiter = ','
    )]
    pack: Vec<String>,

    /// Also mask every match of this regular expression; repeatable
    ///
    /// Rust's regex syntax over bytes, no Unicode classes. The pattern is shown in the
    /// process list: describe your token's form, do not write a token.
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    pattern: Vec<String>,

    /// Also mask the value of every field of this name; repeatable
    ///
    /// "api key" also stands for apiKey, API-KEY and so on, also as a part of a longer
    /// name. The value is masked in whatever shape it is written: JSON at any depth, logfmt, headers, YAML, SQL …
    #[arg(
        long,
        value_name = "NAME",
        env = "BLACKBAR_FIELD",
        hide_env = true,
        value_delimiter = ','
    )]
    field: Vec<String>,

    /// Fields of exactly this name are not sensitive, in any spelling; repeatable
    #[arg(
        long,
        value_name = "NAME",
        env = "BLACKBAR_ALLOW_FIELD",
        hide_env = true,
        value_delimiter = ','
    )]
    allow_field: Vec<String>,

    /// A field that holds exactly TEXT is not masked; repeatable
    ///
    /// For values such as "changeme" or "test". TEXT is shown in the process list: never
    /// write a secret here.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    allow_value: Vec<String>,

    /// What is written for numbers, arrays and objects under a sensitive name [default: string]
    ///
    /// string: one string for all of it; typed: arrays and objects stay, with their values
    /// masked, and a number becomes null, for stores with a mapping.
    #[arg(
        long,
        env = "BLACKBAR_VALUES",
        hide_env = true,
        value_parser = values_parser()
    )]
    values: Option<Values>,

    /// Run nothing but this rule, name of fields, or pack, by its id; repeatable
    ///
    /// `--only github,fields` or `--only stripe/secret-key`; `blackbar rules list` names all.
    /// --pattern and --field stay. Everything else passes: for a closer look at a log, not
    /// for keeping secrets out of it.
    #[arg(
        long,
        value_name = "ID",
        env = "BLACKBAR_ONLY",
        hide_env = true,
        value_delimiter = ','
    )]
    only: Vec<String>,

    /// Do not run this rule, name of fields, or pack, by its id; repeatable
    ///
    /// It wins over --only: `--only github --except github/app-token`.
    #[arg(
        long = "except",
        visible_alias = "disable",
        value_name = "ID",
        env = "BLACKBAR_DISABLE",
        hide_env = true,
        value_delimiter = ','
    )]
    disable: Vec<String>,

    /// Write TEXT instead of [REDACTED]
    ///
    /// `--mask '***'`, `--mask '[FILTERED]'`, `--mask '<hidden>'`: one of the texts that
    /// every blackbar takes for a mask, so that a second pass changes nothing. Any other is
    /// refused, with the list. Not together with --label.
    #[arg(
        long,
        value_name = "TEXT",
        env = "BLACKBAR_MASK",
        hide_env = true,
        allow_hyphen_values = true
    )]
    mask: Option<String>,

    /// Name the rule in the mask: [REDACTED:stripe/secret-key]
    #[arg(
        long,
        env = "BLACKBAR_LABEL",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    label: bool,

    #[command(flatten)]
    limits: LimitOptions,
}

/// What bounds the engine.
#[derive(Args)]
#[command(next_help_heading = "Limits")]
struct LimitOptions {
    /// How much of an unfinished line is held back [default: 1M]
    ///
    /// A longer line is worked off in windows that the output does not show.
    #[arg(
        long,
        value_name = "SIZE",
        env = "BLACKBAR_MAX_RECORD",
        hide_env = true,
        hide_short_help = true,
        value_parser = size::parse
    )]
    max_record: Option<usize>,

    /// The same for a document (--format json) [default: 32M]
    #[arg(
        long,
        value_name = "SIZE",
        env = "BLACKBAR_MAX_DOCUMENT",
        hide_env = true,
        hide_short_help = true,
        value_parser = size::parse
    )]
    max_document: Option<usize>,

    /// The longest match of a rule that sets no reach of its own [default: 8K]
    ///
    /// A longer candidate is masked to its own end without a closer look.
    #[arg(
        long,
        value_name = "SIZE",
        env = "BLACKBAR_REACH",
        hide_env = true,
        hide_short_help = true,
        value_parser = size::parse
    )]
    reach: Option<usize>,
}

impl DetectionOptions {
    /// Compiles what runs.
    pub(crate) fn redactor(&self) -> Result<Redactor, Failure> {
        Ok(self.detection().redactor()?)
    }

    /// What the options and the environment say together.
    pub(crate) fn detection(&self) -> Detection {
        Detection {
            profile: self.profile.unwrap_or_default(),
            rules: self.rules_or_environment(),
            patterns: self.pattern.clone(),
            enabled: self.pack.clone(),
            disabled: self.disable.clone(),
            only: self.only.clone(),
            fields: self.field.clone(),
            allowed_fields: self.allow_field.clone(),
            allowed_values: self.allow_value.clone(),
            values: self.values.unwrap_or_default(),
            labels: self.label,
            mask: self.mask.clone(),
            limits: self.limits.limits(),
        }
    }

    /// Puts them over a configuration: single choices win, lists add.
    pub(crate) fn overlay(&self, file: &mut schema::File) {
        let detect = &mut file.detect;
        detect.profile = self.profile.unwrap_or(detect.profile);
        detect.values = self.values.or(detect.values);
        detect.labels |= self.label;
        if self.mask.is_some() {
            detect.mask.clone_from(&self.mask);
        }
        detect.rules.extend(self.rules_or_environment());
        detect.packs.extend(self.pack.iter().cloned());
        detect.patterns.extend(self.pattern.iter().cloned());
        detect.fields.extend(self.field.iter().cloned());
        detect.allow_fields.extend(self.allow_field.iter().cloned());
        detect.allow_values.extend(self.allow_value.iter().cloned());
        detect.only.extend(self.only.iter().cloned());
        let disabled = self.disable.iter().map(|id| schema::Disable {
            id: id.clone(),
            reason: "given on the command line or in the environment".to_owned(),
            until: None,
        });
        detect.disable.extend(disabled);
        self.limits.overlay(&mut file.limits);
    }

    /// Read here and not by clap, for which a colon would split the option's value too.
    fn rules_or_environment(&self) -> Vec<PathBuf> {
        if !self.rules.is_empty() {
            return self.rules.clone();
        }
        let paths = std::env::var_os("BLACKBAR_RULES").unwrap_or_default();
        std::env::split_paths(&paths)
            .filter(|path| !path.as_os_str().is_empty())
            .collect()
    }
}

impl LimitOptions {
    fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            reach: self.reach.unwrap_or(default.reach),
            max_record: self.max_record.unwrap_or(default.max_record),
            max_document: self.max_document.unwrap_or(default.max_document),
        }
    }
}

impl LimitOptions {
    fn overlay(&self, limits: &mut schema::Limits) {
        let chosen = |given: Option<usize>, else_: Size| given.map_or(else_, Size);
        limits.reach = chosen(self.reach, limits.reach);
        limits.max_record = chosen(self.max_record, limits.max_record);
        limits.max_document = chosen(self.max_document, limits.max_document);
    }
}

fn values_parser() -> impl TypedValueParser<Value = Values> {
    PossibleValuesParser::new(Values::ALL.map(Values::name)).try_map(|name| name.parse::<Values>())
}

pub(crate) fn profile_parser() -> impl TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(Profile::ALL.map(Profile::name))
        .try_map(|name| name.parse::<Profile>())
}
