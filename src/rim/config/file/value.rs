//! Values of keys as people write them: sizes, periods, days, addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use toml::value::{Date, Datetime};

use crate::rim::size;

/// A number of bytes: `64`, `"64K"`, `"32MiB"`; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) usize);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SizeVisitor)
    }
}

struct SizeVisitor;

impl Visitor<'_> for SizeVisitor {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size such as 4096, \"64K\" or \"32M\"")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Size, E> {
        match usize::try_from(number) {
            Ok(bytes @ 1..) => Ok(Size(bytes)),
            _ => Err(E::custom(size::SizeError::Zero)),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
        size::parse(text).map(Size).map_err(E::custom)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let units = [(30, "G"), (20, "M"), (10, "K")];
        let unit = units
            .iter()
            .find(|(bits, _)| self.0.trailing_zeros() >= *bits);
        match unit {
            Some((bits, name)) => to.serialize_str(&format!("{}{name}", self.0 >> bits)),
            None => to.serialize_u64(self.0 as u64),
        }
    }
}

/// A length of time: `"5s"`, `"500ms"`, `"2m"`; at least a millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) Duration);

/// Milliseconds. A day is longer than anything that is waited for here.
const LONGEST: u64 = 24 * 3_600_000;

const PERIOD: &str = "a length of time such as \"5s\", \"500ms\" or \"2m\"";

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(PeriodVisitor)
    }
}

struct PeriodVisitor;

impl Visitor<'_> for PeriodVisitor {
    type Value = Period;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PERIOD)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Period, E> {
        let split = text.find(|c: char| !c.is_ascii_digit());
        let (digits, unit) = text.split_at(split.unwrap_or(text.len()));
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => 0,
        };
        let number: u64 = digits.parse().unwrap_or(0);
        match number.checked_mul(factor) {
            Some(milliseconds @ 1..=LONGEST) => Ok(Period(Duration::from_millis(milliseconds))),
            _ => Err(E::custom(format!("write {PERIOD}, at most a day"))),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let milliseconds = self.0.as_millis();
        if milliseconds.is_multiple_of(1000) {
            to.serialize_str(&format!("{}s", milliseconds / 1000))
        } else {
            to.serialize_str(&format!("{milliseconds}ms"))
        }
    }
}

/// A day: `2027-01-31`, without quotes. It stands for its first moment, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day(Date);

impl Day {
    /// Its first moment, UTC; the earliest that is known for days before 1970.
    pub(crate) fn start(self) -> SystemTime {
        let days = days_since_1970(self.0);
        let seconds = u64::try_from(days).unwrap_or(0) * 86_400;
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }
}

/// Howard Hinnant's `days_from_civil`: <https://howardhinnant.github.io/date_algorithms.html>.
fn days_since_1970(date: Date) -> i64 {
    let (month, day) = (i64::from(date.month), i64::from(date.day));
    // Years that begin in March have the leap day at their end.
    let year = i64::from(date.year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let told = "write a day such as 2027-01-31, without quotes and without a time";
        match Datetime::deserialize(from) {
            Ok(Datetime {
                date: Some(date),
                time: None,
                offset: None,
            }) => Ok(Self(date)),
            Ok(_) | Err(_) => Err(de::Error::custom(told)),
        }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Datetime {
            date: Some(self.0),
            time: None,
            offset: None,
        }
        .serialize(to)
    }
}

/// Where to listen: an IP address, or `localhost`, and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) SocketAddr);

/// A text that is no address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an IP address and a port, such as 127.0.0.1:9000 or [::1]:9000")]
pub(crate) struct NoAddress;

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let port = text.strip_prefix("localhost:");
        match port.map(str::parse) {
            Some(Ok(port)) => Ok(Self((IpAddr::V4(Ipv4Addr::LOCALHOST), port).into())),
            _ => text.parse().map(Self).map_err(|_| NoAddress),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Keys whose value is a word or text that a type parses and displays.
pub(crate) mod spelled {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::{Serialize, Serializer};

    /// Parses a string.
    pub(crate) fn deserialize<'de, D, T>(from: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        String::deserialize(from)?.parse().map_err(Error::custom)
    }

    /// Writes a string.
    pub(crate) fn serialize<S: Serializer>(value: &impl Display, to: S) -> Result<S::Ok, S::Error> {
        value.to_string().serialize(to)
    }
}

/// The same for a key that may be left out.
pub(crate) mod spelled_if_any {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::Serializer;
    use serde::de::Deserializer;

    /// Parses a string.
    pub(crate) fn deserialize<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        super::spelled::deserialize(from).map(Some)
    }

    /// Writes a string, or nothing.
    #[allow(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<impl Display>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::spelled::serialize(value, to),
            None => to.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize, PartialEq)]
    struct Holder<T> {
        x: T,
    }

    fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, String> {
        let held = toml::from_str::<Holder<T>>(text);
        held.map(|held| held.x)
            .map_err(|error| error.message().to_owned())
    }

    fn written<T: Serialize>(x: T) -> String {
        toml::to_string(&Holder { x }).unwrap()
    }

    #[test]
    fn sizes_come_back_as_they_went() {
        for (text, bytes, again) in [
            ("x = 1000", 1000, "x = 1000\n"),
            ("x = \"64K\"", 65536, "x = \"64K\"\n"),
            ("x = 33554432", 32 << 20, "x = \"32M\"\n"),
            ("x = \"3GiB\"", 3 << 30, "x = \"3G\"\n"),
        ] {
            let size = read::<Size>(text).unwrap();
            assert_eq!((size.0, written(size).as_str()), (bytes, again));
        }
        for text in ["x = 0", "x = -1", "x = \"hunter2\"", "x = true"] {
            let error = read::<Size>(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn periods_come_back_as_they_went() {
        for (text, milliseconds, again) in [
            ("x = \"5s\"", 5000, "x = \"5s\"\n"),
            ("x = \"500ms\"", 500, "x = \"500ms\"\n"),
            ("x = \"2m\"", 120_000, "x = \"120s\"\n"),
        ] {
            let period = read::<Period>(text).unwrap();
            assert_eq!(period.0, Duration::from_millis(milliseconds));
            assert_eq!(written(period), again);
        }
        for text in [
            "x = 5",
            "x = \"5\"",
            "x = \"0s\"",
            "x = \"25h\"",
            "x = \"s\"",
        ] {
            read::<Period>(text).unwrap_err();
        }
    }

    #[test]
    fn days_begin_at_midnight_utc() {
        for (text, seconds) in [
            ("x = 1970-01-01", 0),
            ("x = 2024-02-29", 1_709_164_800),
            ("x = 2027-01-31", 1_801_353_600),
            ("x = 1960-05-05", 0),
        ] {
            let day = read::<Day>(text).unwrap();
            let start = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(day.start(), start, "{text}");
            assert_eq!(written(day), format!("{text}\n"));
        }
        for text in [
            "x = \"2027-01-31\"",
            "x = 2027-01-31T10:00:00Z",
            "x = 10:00:00",
        ] {
            assert!(read::<Day>(text).unwrap_err().contains("without quotes"));
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(
            "localhost:9".parse(),
            Ok(Address(([127, 0, 0, 1], 9).into()))
        );
        assert_eq!("[::1]:9".parse::<Address>().unwrap().to_string(), "[::1]:9");
        for text in [
            "",
            "9000",
            ":9000",
            "example.com:80",
            "127.0.0.1",
            "localhost:x",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NoAddress), "{text}");
        }
    }
}
