use std::fs;
use std::time::{Duration, SystemTime};

use clap::Parser;

use super::origin::{Due, Origin, Read};
use crate::rim::cli::configuration::ConfigurationOptions;

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    configuration: ConfigurationOptions,
}

/// What the rules of the only route make of two fields.
fn masked(read: &Read) -> String {
    let rules = &read.built.serve.listen[0].routes[0].rules;
    let line = b"voucher=hunter2hunter2 ticket=hunter2hunter2";
    String::from_utf8(rules.plain.redact(line)).unwrap()
}

#[test]
fn an_exception_ends_while_its_file_is_broken_and_the_file_is_read_once_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("blackbar.toml");
    let text = "[detect]\nfields = [\"ticket\", \"voucher\"]\n[[listen]]\nhttp = \"127.0.0.1:0\"\n\
                [[listen.route]]\nupstream = \"http://a\"\n\
                relax = [{ allow_field = \"voucher\", reason = \"x\", until = 2100-01-01 }]\n";
    fs::write(&file, text).unwrap();
    let options = Options::parse_from(["serve", "-c", file.to_str().unwrap()]);
    let mut origin = Origin::new(&options.configuration);
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(47_482 * 86_400);
    let before = until - Duration::from_secs(1);
    let read = origin.read(before).unwrap();
    assert_eq!(masked(&read), "voucher=hunter2hunter2 ticket=[REDACTED]");
    origin.runs(read);
    assert_eq!(origin.due(before), None);
    fs::write(&file, "[detect").unwrap();
    assert_eq!(origin.due(before), None);
    assert_eq!(origin.due(before), Some(Due::Changed));
    let wrong = origin.read(before).err().unwrap();
    assert!(wrong.to_string().contains("blackbar.toml:1:"), "{wrong}");
    assert_eq!(origin.due(before), None);
    assert_eq!(origin.due(until), Some(Due::Expired));
    let again = origin.made_again(until).unwrap().unwrap();
    assert_eq!(masked(&again), "voucher=[REDACTED] ticket=[REDACTED]");
    assert!(
        again.built.warnings[0]
            .to_string()
            .contains("since 2100-01-01 this exception")
    );
    origin.runs(again);
    assert_eq!(origin.due(until), None);
    fs::write(&file, text.replace("ticket", "other")).unwrap();
    assert_eq!(origin.due(until), None);
    assert_eq!(origin.due(until), Some(Due::Changed));
    let mended = origin.read(until).unwrap();
    assert_eq!(masked(&mended), "voucher=[REDACTED] ticket=hunter2hunter2");
}

#[test]
fn options_have_no_file_to_read_again() {
    let options = Options::parse_from(["serve", "--http", "127.0.0.1:0=http://a"]);
    let mut origin = Origin::new(&options.configuration);
    let now = SystemTime::now();
    let read = origin.read(now).unwrap();
    origin.runs(read);
    assert!(origin.limit().is_some());
    assert!(origin.read(now).is_ok());
    assert_eq!((origin.due(now), origin.due(now)), (None, None));
}
