//! Messages in every mode, what becomes of them, and what is acknowledged.

use std::io::Write;
use std::time::Duration;

use flate2::{Compression, GzBuilder};
use proptest::collection::vec;
use proptest::prelude::*;

use super::message::{Chunk, Leaving};
use super::owed::Owed;
use super::shape::Shape;
use crate::rim::payload::Refusal;
use crate::rim::payload::codec::Decoder;
use crate::rim::payload::msgpack::token::{write_bin, write_str};
use crate::rim::payload::sample;
use crate::rim::payload::testing::{MASK, SECRET, holds};
use crate::rim::payload::work::Work;
use crate::rim::tcp::reason::Reason;

/// A time of Fluent in nanoseconds, whose bytes would be a secret if they were text.
const EVENT_TIME: &[u8] = b"\xd7\0pwd=x123";

fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    write_str(text.as_ref(), &mut out);
    out
}

fn bin(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_bin(bytes, &mut out);
    out
}

fn array(values: &[Vec<u8>]) -> Vec<u8> {
    [vec![0x90 | values.len() as u8], values.concat()].concat()
}

/// With a head of five bytes, as Fluent Bit writes it.
fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| [text(key), value.clone()].concat())
        .collect();
    [vec![0xdf, 0, 0, 0, pairs.len() as u8], pairs.concat()].concat()
}

fn gzip(bytes: &[u8], name: &str) -> Vec<u8> {
    let mut encoder = GzBuilder::new()
        .filename(name)
        .write(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What leaves, as a connection has it done.
fn pass(message: &[u8]) -> Result<Leaving, Reason> {
    let (rules, policy) = (sample::rules(), sample::policy());
    let shape = Shape::of(message)?;
    let unpacked = shape.packed().and_then(|packed| {
        let coding = packed.coding?;
        let mut decoder = Decoder::new(&[coding], &policy);
        let mut plain = Vec::new();
        let written = decoder.write(&message[packed.content.clone()], &mut plain);
        Some(
            written
                .and_then(|()| decoder.end())
                .map(|()| (decoder, plain)),
        )
    });
    let unpacked = unpacked.transpose().map_err(refused)?;
    let unpacked = unpacked
        .as_ref()
        .map(|(decoder, plain)| (decoder, &plain[..]));
    shape
        .mask(message, unpacked, Work::new(&rules, &policy))
        .map_err(refused)
}

fn refused(refusal: Refusal) -> Reason {
    match refusal {
        Refusal::TooLarge | Refusal::TooDense => Reason::MessageTooLarge,
        _ => Reason::Undecodable,
    }
}

/// A record with a secret in each place.
fn record(secret: &str) -> Vec<u8> {
    map(&[
        ("message", text(format!("login password={secret} \u{fc}"))),
        ("password", text(secret)),
        ("number", vec![0xd3, 0, 0, 0, 0, 0, 0, 0, 7]),
        ("ext", vec![0xd4, 9, 1]),
        ("at", EVENT_TIME.to_vec()),
        ("nested", array(&[map(&[("api_key", text(secret))])])),
    ])
}

/// Times as they occur: a number, nanoseconds, and beside metadata.
fn entries(secret: &str) -> Vec<Vec<u8>> {
    let metadata = map(&[("token", text(secret))]);
    let times = [
        vec![0xce, 0x65, 0x53, 0xf1, 0],
        EVENT_TIME.to_vec(),
        array(&[EVENT_TIME.to_vec(), metadata]),
    ];
    let entry = |time: &Vec<u8>| array(&[time.clone(), record(secret)]);
    times.iter().map(entry).collect()
}

fn option(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let chunk = ("chunk", text("p8n9gmxTQVC8/nh2wlKKeQ=="));
    map(&[pairs, &[chunk, ("size", vec![3])]].concat())
}

/// A message in each mode, and how many events it has.
fn every_mode(secret: &str) -> Vec<(Vec<u8>, u64)> {
    let tag = text("app");
    let time = EVENT_TIME.to_vec();
    let entries = entries(secret);
    let row = entries.concat();
    vec![
        (array(&[tag.clone(), time.clone(), record(secret)]), 1),
        (
            array(&[tag.clone(), vec![0xc0], record(secret), option(&[])]),
            1,
        ),
        (array(&[tag.clone(), array(&entries)]), 3),
        (array(&[tag.clone(), array(&entries), option(&[])]), 3),
        (array(&[tag.clone(), array(&entries), vec![0xc0]]), 3),
        (array(&[tag.clone(), bin(&row)]), 3),
        (
            array(&[
                bin(b"app"),
                bin(&row),
                option(&[("compressed", text("text"))]),
            ]),
            3,
        ),
        // The oldest clients know no type for bytes; long heads occur where short ones would do.
        ([&[0xdd, 0, 0, 0, 2], &tag[..], &text(&row)[..]].concat(), 3),
    ]
}

#[test]
fn in_every_mode_secrets_go_and_all_else_stays() {
    let masked = every_mode(MASK);
    for ((message, events), (expected, _)) in every_mode(SECRET).into_iter().zip(masked) {
        let leaving = pass(&message).unwrap();
        assert_eq!(leaving.bytes, expected);
        assert_eq!(leaving.events, events);
        assert!(leaving.tally.masks() >= 3);
        let again = pass(&leaving.bytes).unwrap();
        assert_eq!(again.bytes, expected);
        assert_eq!(again.tally.masks(), 0);
    }
}

type Compress<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

#[test]
fn compressed_entries_are_looked_into_and_stay_as_they_are_without_a_secret() {
    let zstd = |bytes: &[u8]| zstd::stream::encode_all(bytes, 3).unwrap();
    let members = |bytes: &[u8]| {
        let (first, second) = bytes.split_at(20);
        [gzip(first, ""), gzip(second, "")].concat()
    };
    let one = |bytes: &[u8]| gzip(bytes, "");
    let codecs: [(&str, Compress<'_>); 3] = [("gzip", &one), ("gzip", &members), ("zstd", &zstd)];
    for (name, compress) in codecs {
        let message = |secret: &str| {
            let option = option(&[("compressed", text(name))]);
            let row = compress(&entries(secret).concat());
            array(&[text("app"), bin(&row), option])
        };
        let clean = message(MASK);
        assert_eq!(pass(&clean).unwrap().bytes, clean);
        let leaving = pass(&message(SECRET)).unwrap();
        assert_eq!((leaving.events, leaving.stubs), (3, 0));
        let shape = Shape::of(&leaving.bytes).unwrap();
        let packed = shape.packed().unwrap();
        let mut decoder = Decoder::new(&[packed.coding.unwrap()], &sample::policy());
        let mut plain = Vec::new();
        let content = &leaving.bytes[packed.content.clone()];
        decoder.write(content, &mut plain).unwrap();
        assert_eq!(plain, entries(MASK).concat());
        assert!(leaving.bytes.ends_with(&option(&[])[5..]));
    }
}

#[test]
fn a_secret_beside_compressed_data_goes_too() {
    let row = gzip(&entries(MASK).concat(), "password=hunter2hunter2");
    let option = map(&[("compressed", text("gzip"))]);
    let message = array(&[text("app"), bin(&row), option]);
    assert!(holds(&message, SECRET));
    assert!(!holds(&pass(&message).unwrap().bytes, SECRET));
}

#[test]
fn what_cannot_be_read_is_refused() {
    let compressed = |name: &str, bytes: &[u8]| {
        let option = map(&[("compressed", text(name))]);
        array(&[text("app"), bin(bytes), option])
    };
    let entries = entries(SECRET).concat();
    let whole = gzip(&entries, "");
    let deep = [vec![0x91; 200], vec![0xc0]].concat();
    let twice = |key: &str, value: &str| map(&[(key, text(value)), (key, text(value))]);
    let map_of = |value: Vec<u8>| array(&[text("app"), array(&[]), value]);
    for (message, reason) in [
        (
            compressed("gzip", &whole[..whole.len() - 1]),
            Reason::Undecodable,
        ),
        (compressed("gzip", &entries), Reason::Undecodable),
        (compressed("zstd", &whole), Reason::Undecodable),
        (compressed("lz4", &entries), Reason::Undecodable),
        (
            compressed("gzip", &gzip(&vec![b'x'; 4 << 20], "")),
            Reason::MessageTooLarge,
        ),
        (array(&[text("app"), bin(&whole)]), Reason::Undecodable),
        (
            array(&[text("app"), bin(&entries[..entries.len() - 1])]),
            Reason::Undecodable,
        ),
        (
            array(&[text("app"), bin(b"password=hunter2hunter2")]),
            Reason::Undecodable,
        ),
        (array(&[text("app"), array(&[deep])]), Reason::Undecodable),
        (text("password=hunter2hunter2"), Reason::NotForward),
        (vec![b'G'], Reason::NotForward),
        (array(&[]), Reason::NotForward),
        (array(&[text("app")]), Reason::NotForward),
        (array(&[vec![1], array(&[])]), Reason::NotForward),
        (array(&[text("app"), vec![1]]), Reason::NotForward),
        (
            array(&[text("app"), vec![1], text("record")]),
            Reason::NotForward,
        ),
        (
            array(&[text("app"), vec![0x80], vec![0x80]]),
            Reason::NotForward,
        ),
        (
            array(&[text("app"), array(&[]), vec![0x80], vec![0x80]]),
            Reason::NotForward,
        ),
        (
            array(&[
                text("PING"),
                text("a"),
                text("b"),
                text("c"),
                text("d"),
                text("e"),
            ]),
            Reason::NotForward,
        ),
        (map_of(array(&[])), Reason::NotForward),
        (map_of(map(&[("chunk", vec![1])])), Reason::NotForward),
        (
            map_of(map(&[("chunk", text("x".repeat(1025)))])),
            Reason::NotForward,
        ),
        (map_of(twice("chunk", "a")), Reason::NotForward),
        (map_of(twice("compressed", "text")), Reason::NotForward),
    ] {
        assert_eq!(pass(&message).err(), Some(reason), "{message:02x?}");
    }
}

#[test]
fn a_heartbeat_and_messages_without_events_pass() {
    for message in [
        vec![0xc0],
        array(&[text("app"), array(&[])]),
        array(&[text("app"), bin(&[])]),
        array(&[
            text("app"),
            bin(&gzip(&[], "")),
            map(&[("compressed", text("gzip"))]),
        ]),
        array(&[text("app"), bin(&[]), map(&[("compressed", text("gzip"))])]),
    ] {
        let leaving = pass(&message).unwrap();
        assert_eq!((leaving.bytes, leaving.events), (message, 0));
    }
}

#[test]
fn tags_and_options_are_text_like_any_other() {
    let build = |secret: &str| {
        let option = map(&[
            ("chunk", vec![0xc0]),
            ("password", text(secret)),
            ("size", vec![0]),
        ]);
        array(&[text(format!("app.token={secret}")), array(&[]), option])
    };
    let leaving = pass(&build(SECRET)).unwrap();
    assert_eq!(leaving.bytes, build(MASK));
    assert_eq!(leaving.chunk, None);
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_counted() {
    let build = |bytes: &[u8]| array(&[text("app"), vec![1], map(&[("raw", bin(bytes))])]);
    let leaving = pass(&build(&[0xff; 40])).unwrap();
    assert_eq!(leaving.bytes, build(b"[blackbar: bytes removed]"));
    assert_eq!(leaving.stubs, 1);
}

#[test]
fn a_chunk_whose_name_is_a_secret_goes_on_under_another() {
    let name = format!("password={SECRET}");
    let message = array(&[
        text("app"),
        array(&[]),
        map(&[("chunk", bin(name.as_bytes()))]),
    ]);
    let leaving = pass(&message).unwrap();
    assert!(!holds(&leaving.bytes, SECRET));
    let chunk = leaving.chunk.unwrap();
    assert_eq!(chunk.answer, bin(name.as_bytes()));
    assert_eq!(chunk.name.len(), 32);
    assert!(leaving.bytes.ends_with(&chunk.name));
}

fn ack(name: &str) -> Vec<u8> {
    map(&[("ack", text(name))])
}

#[tokio::test]
async fn a_client_is_told_what_the_upstream_acknowledges_and_nothing_else() {
    let owed = Owed::new();
    for name in ["a", "b", "c"] {
        let (name, answer) = (name.into(), bin(name.as_bytes()));
        owed.add(Chunk { name, answer }).await;
    }
    let told = |name: &str| [&[0x81], &text("ack")[..], &bin(name.as_bytes())].concat();
    assert_eq!(owed.settle(&ack("b")), Ok(told("b")));
    assert_eq!(owed.settle(&ack("b")), Err(Reason::UpstreamAnswer));
    assert_eq!(owed.settle(&ack("a")), Ok(told("a")));
    for said in [
        map(&[]),
        map(&[("nack", text("c"))]),
        array(&[]),
        text("c"),
        vec![0xc0],
    ] {
        assert_eq!(owed.settle(&said), Err(Reason::UpstreamAnswer));
    }
    let helo = array(&[
        text("HELO"),
        map(&[("nonce", text("n")), ("auth", text(""))]),
    ]);
    assert_eq!(owed.settle(&helo), Err(Reason::UpstreamHandshake));
    let (settled, last) = tokio::join!(owed.settled(), async { owed.settle(&ack("c")) });
    assert_eq!((settled, last), ((), Ok(told("c"))));
}

/// A value with secrets in it, and as it has to leave.
type Both = (Vec<u8>, Vec<u8>);

/// A value of a record.
fn value() -> impl Strategy<Value = Both> {
    let same = |value: Vec<u8>| (value.clone(), value);
    let leaf = prop_oneof![
        any::<u8>().prop_map(move |byte| same(vec![0xcc, byte])),
        vec(any::<u8>(), 8).prop_map(move |bytes| same([&[0xd7, 0], &bytes[..]].concat())),
        "[a-z0-9]{0,8}".prop_map(move |word| same(text(&word))),
        "[a-z]{0,8}".prop_map(|word| {
            let secret = |secret: &str| text(format!("{word} password={secret}"));
            (secret(SECRET), secret(MASK))
        }),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let pairs = vec(("x[0-9]", inner.clone()), 0..4);
        let map = pairs.prop_map(|pairs| {
            let side = |side: fn(&Both) -> &Vec<u8>| {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| (key.as_str(), side(value).clone()));
                map(&pairs.collect::<Vec<_>>())
            };
            (side(|value| &value.0), side(|value| &value.1))
        });
        let list = vec(inner, 0..4).prop_map(|values| {
            let (before, after): (Vec<_>, Vec<_>) = values.into_iter().unzip();
            (array(&before), array(&after))
        });
        prop_oneof![map, list]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The four modes are four ways to write the same.
    #[test]
    fn events_are_masked_alike_in_every_mode(values in vec(value(), 1..4)) {
        let entries = |side: fn(&Both) -> &Vec<u8>| {
            let entry = |value| array(&[vec![1], map(&[("value", side(value).clone())])]);
            values.iter().map(entry).collect::<Vec<_>>()
        };
        let (before, after) = (entries(|value| &value.0), entries(|value| &value.1));
        let forward = |entries: &[Vec<u8>]| array(&[text("app"), array(entries)]);
        let packed = |entries: &[Vec<u8>]| array(&[text("app"), bin(&entries.concat())]);
        prop_assert_eq!(pass(&forward(&before)).unwrap().bytes, forward(&after));
        prop_assert_eq!(pass(&packed(&before)).unwrap().bytes, packed(&after));
        for (before, after) in before.iter().zip(&after) {
            // An entry without its head is the middle of a message.
            let message = |entry: &[u8]| [&[0x93], &text("app")[..], &entry[1..]].concat();
            prop_assert_eq!(pass(&message(before)).unwrap().bytes, message(after));
        }
    }

    /// No bytes do harm.
    #[test]
    fn any_bytes_are_refused_or_leave_as_a_message(bytes in vec(any::<u8>(), 0..80)) {
        let message = [&[0x93, 0xa1, b't'], &bytes[..]].concat();
        if let Ok(leaving) = pass(&message) {
            prop_assert!(Shape::of(&leaving.bytes).is_ok());
        }
    }
}

#[tokio::test]
async fn an_upstream_that_acknowledges_nothing_is_overdue() {
    let owed = Owed::new();
    let add = async |name: &[u8]| {
        let (name, answer) = (name.to_vec(), name.to_vec());
        owed.add(Chunk { name, answer }).await;
    };
    let moment = |millis| tokio::time::sleep(Duration::from_millis(millis));
    let begun = std::time::Instant::now();
    let overdue = async {
        owed.overdue(Duration::from_millis(600)).await;
        begun.elapsed()
    };
    // Nothing is owed at first; what is acknowledged gives the rest as much time again.
    let (overdue, acknowledged) = tokio::join!(overdue, async {
        moment(900).await;
        add(b"a").await;
        add(b"b").await;
        moment(300).await;
        owed.settle(&ack("a")).unwrap();
        begun.elapsed()
    });
    assert!(overdue >= acknowledged + Duration::from_millis(550));
}
