//! Records as entries of Fluent Forward: `[time, {"message": record}]`.
//!
//! <https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1>, Entry and
//! `EventTime`.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::rim::payload::msgpack::token::{skip, write_bin, write_ext, write_str};

/// The type of `EventTime`: seconds and nanoseconds since 1970, 32 bits each.
const EVENT_TIME: u8 = 0;

/// Appends a record of this time: as text where it is UTF-8, else as bytes.
pub(super) fn entry(time: SystemTime, record: &[u8], out: &mut Vec<u8>) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    // The format ends in 2106.
    let seconds = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
    let mut stamp = [0; 8];
    stamp[..4].copy_from_slice(&seconds.to_be_bytes());
    stamp[4..].copy_from_slice(&since.subsec_nanos().to_be_bytes());
    out.push(0x92);
    write_ext(EVENT_TIME, &stamp, out);
    out.push(0x81);
    write_str(b"message", out);
    if std::str::from_utf8(record).is_ok() {
        write_str(record, out);
    } else {
        write_bin(record, out);
    }
}

/// Where to cut entries, so that what is before has at most `most` bytes, and at least one
/// entry.
pub(super) fn cut(entries: &[u8], most: usize) -> usize {
    ends(entries)
        .enumerate()
        .take_while(|(index, end)| *index == 0 || *end <= most)
        .last()
        .map_or(entries.len(), |(_, end)| end)
}

/// How many entries there are.
pub(super) fn count(entries: &[u8]) -> u64 {
    ends(entries).count() as u64
}

/// Where each entry ends. They are ours, so they are msgpack.
fn ends(entries: &[u8]) -> impl Iterator<Item = usize> {
    let next = |at: &usize| skip(entries, *at).ok();
    std::iter::successors(next(&0), next)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn written(records: &[&[u8]]) -> Vec<u8> {
        let time = UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        let mut out = Vec::new();
        for record in records {
            entry(time, record, &mut out);
        }
        out
    }

    #[test]
    fn an_entry_is_a_time_and_a_map_of_one() {
        let head = b"\x92\xd7\x00\x65\x53\xf1\x00\x07\x5b\xcd\x15\x81\xa7message";
        let long = "x".repeat(300);
        for (record, value) in [
            (&b""[..], &b"\xa0"[..]),
            (b"f\xc3\xbcr", b"\xa4f\xc3\xbcr"),
            (b"\xff\n", b"\xc4\x02\xff\n"),
            (
                long.as_bytes(),
                &[b"\xda\x01\x2c", long.as_bytes()].concat(),
            ),
        ] {
            assert_eq!(written(&[record]), [head, value].concat(), "{record:?}");
        }
    }

    #[test]
    fn entries_are_cut_between_them() {
        let one = written(&[b"a"]).len();
        let three = written(&[b"a", b"b", b"c"]);
        for (most, entries) in [
            (0, 1),
            (1, 1),
            (one, 1),
            (2 * one - 1, 1),
            (2 * one, 2),
            (99, 3),
        ] {
            assert_eq!(cut(&three, most), entries * one, "{most}");
        }
        assert_eq!((cut(&[], 5), count(&[])), (0, 0));
    }

    proptest! {
        #[test]
        fn batches_are_all_entries_in_order(
            records in proptest::collection::vec(any::<Vec<u8>>(), 1..20),
            most in 0..500_usize,
        ) {
            let all = written(&records.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(count(&all), records.len() as u64);
            let (mut rest, mut counted) = (&all[..], 0);
            while !rest.is_empty() {
                let (batch, behind) = rest.split_at(cut(rest, most));
                prop_assert!(!batch.is_empty() && (batch.len() <= most || count(batch) == 1));
                counted += count(batch);
                rest = behind;
            }
            prop_assert_eq!(counted, records.len() as u64);
        }
    }
}
