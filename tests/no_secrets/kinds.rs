//! Kinds of values that look like tokens and are none.

use crate::oracle::random::Random;

const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const POD: &str = "bcdfghjklmnpqrstvwxz2456789";

/// A kind's name and how one of it is made.
pub(crate) type Kind = (&'static str, fn(&mut Random) -> String);

pub(crate) const ALL: [Kind; 26] = [
    ("git SHA", |random| random.text(HEX, 40)),
    ("short git SHA", |random| random.text(HEX, 8)),
    ("UUID", uuid),
    ("upper-case UUID", |random| uuid(random).to_uppercase()),
    ("trace context", |random| {
        format!("00-{}-{}-01", random.text(HEX, 32), random.text(HEX, 16))
    }),
    ("span id", |random| random.text(HEX, 16)),
    ("image digest", |random| {
        format!(
            "registry.example.com/team/app@sha256:{}",
            random.text(HEX, 64)
        )
    }),
    ("content hash", |random| {
        format!("app.{}.js", random.text(HEX, 20))
    }),
    ("MD5", |random| random.text(HEX, 32)),
    ("SHA-512", |random| random.text(HEX, 128)),
    ("integrity", |random| {
        format!("sha512-{}==", random.text(BASE64, 86))
    }),
    ("ISO timestamp", |random| {
        format!(
            "2026-{:02}-{:02}T{:02}:00:00.000+01:00",
            random.between(1, 12),
            random.between(1, 28),
            random.between(0, 23)
        )
    }),
    ("epoch in milliseconds", |random| {
        format!("17{}", random.text(DIGITS, 11))
    }),
    ("epoch in nanoseconds", |random| {
        format!("17{}", random.text(DIGITS, 17))
    }),
    ("order id that passes Luhn", luhn),
    ("image in base64", |random| {
        format!(
            "data:image/png;base64,iVBORw0KGgo{}",
            random.text(BASE64, 389)
        )
    }),
    ("version", |random| {
        format!(
            "v{}.{}.{}-rc.1+build.{}",
            random.below(9),
            random.below(40),
            random.below(99),
            random.text(HEX, 7)
        )
    }),
    ("pod name", |random| {
        format!(
            "checkout-api-{}-{}",
            random.text(POD, 10),
            random.text(POD, 5)
        )
    }),
    ("ETag", |random| {
        format!("W/{}-{}", random.text(HEX, 5), random.text(ALNUM, 27))
    }),
    ("MAC address", |random| {
        let pairs: Vec<String> = (0..6).map(|_| random.text(HEX, 2)).collect();
        pairs.join(":")
    }),
    ("ARN", |random| {
        format!(
            "arn:aws:lambda:eu-west-1:{}:function:checkout-{}",
            random.text(DIGITS, 12),
            random.text(HEX, 6)
        )
    }),
    ("S3 path", |random| {
        format!(
            "s3://logs-bucket/year=2026/month=11/part-{}-{}.snappy.parquet",
            random.text(DIGITS, 5),
            uuid(random)
        )
    }),
    ("Java stack frame", |random| {
        format!(
            "at com.example.shop.CheckoutService$$Lambda$14/0x{}.apply(CheckoutService.java:{})",
            random.text(HEX, 16),
            random.below(900)
        )
    }),
    ("npm package", |random| {
        format!(
            "@babel/plugin-transform-runtime@{}.{}.{}",
            random.below(9),
            random.below(40),
            random.below(99)
        )
    }),
    ("ULID", |random| {
        format!("01{}", random.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24))
    }),
    ("object id", |random| format!("65{}", random.text(HEX, 22))),
];

fn uuid(random: &mut Random) -> String {
    let parts = [8, 4, 4, 4, 12].map(|count| random.text(HEX, count));
    parts.join("-")
}

/// Sixteen digits whose last makes their sum a multiple of ten.
fn luhn(random: &mut Random) -> String {
    let digits = random.text(DIGITS, 15);
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}
