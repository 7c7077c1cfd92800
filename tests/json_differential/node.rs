//! Documents of a test: what they hold, and what has to become of it.

use std::collections::BTreeMap;

use blackbar::Values;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::torture::MASK;

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    /// As it is spelled.
    Number(&'static str),
    Text(String),
    /// A string that holds a document, behind some text or alone.
    Document(&'static str, Box<Node>),
    List(Vec<Node>),
    Map(Vec<Member>),
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) value: Node,
}

const SENSITIVE: &[&str] = &[
    "password",
    "api_key",
    "clientSecret",
    "X-Auth-Token",
    "db.passwd",
    "userPassword",
    "DB_PASSWORD",
    "Api-Key",
    "access_token",
    "secret",
];

const HARMLESS: &[&str] = &[
    "id",
    "user",
    "host",
    "duration",
    "path",
    "note",
    "items",
    "",
    "größe",
    "a\"b",
    "c\\d",
    "e/f",
    "<g>",
    "h i",
    "max_tokens",
];

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "7",
    "1532",
    "-12.50",
    "0.1e-7",
    "1E+2",
    "1e5",
    "123456789012345678",
    "100000.0",
];

/// Parts of harmless texts.
const WORDS: &[&str] = &[
    "ada", " ", "took 5ms", "/var/lib", "é", "日本", "😀", "\"", "\\", "\\\"", "'", ",", ":", "{",
    "}", "[", "]", "<b>", "&", "=", "\t", "\n", "\u{1}", "\u{7f}", "\\u0041", "%41", "//", "#",
    "null", "-1e5", "\u{2028}",
];

/// Begin each planted secret, so that it can be found.
const MARKER: &str = "Zq7";

/// Values of another redactor, or none: they stay.
pub(crate) const KEPT: &[&str] = &["", "[REDACTED]", "***", "[Filtered]", "xxxxx"];

fn text() -> impl Strategy<Value = String> {
    vec(select(WORDS), 0..5).prop_map(|words| words.concat())
}

fn secret() -> impl Strategy<Value = String> + Clone {
    let plain = "[A-Za-z0-9]{8,24}".prop_map(|tail| format!("{MARKER}{tail}"));
    let odd =
        ("[A-Za-z0-9]{8,12}", text()).prop_map(|(head, tail)| format!("{MARKER}{head}{tail}x"));
    prop_oneof![3 => plain, 1 => odd]
}

/// Any value, with `string` for strings.
fn values(string: BoxedStrategy<Node>) -> BoxedStrategy<Node> {
    let leaf = prop_oneof![
        1 => Just(Node::Null),
        1 => any::<bool>().prop_map(Node::Bool),
        2 => select(NUMBERS).prop_map(Node::Number),
        5 => string,
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let behind = select(&["", "said: ", "<x> \"y\" "][..]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Node::List),
            members(inner.clone()).prop_map(Node::Map),
            (behind, members(inner))
                .prop_map(|(text, members)| Node::Document(text, Box::new(Node::Map(members)))),
        ]
    })
    .boxed()
}

/// Members of which some have sensitive names and, under them, secrets.
fn members(harmless: impl Strategy<Value = Node> + 'static) -> impl Strategy<Value = Vec<Member>> {
    let secret = secret().prop_map(Node::Text).boxed();
    let kept = select(KEPT).prop_map(|text| Node::Text(text.to_owned()));
    let list = vec(
        prop_oneof![3 => secret.clone(), 2 => select(NUMBERS).prop_map(Node::Number), 1 => kept.clone()],
        1..4,
    );
    let map = (
        select(HARMLESS),
        secret.clone(),
        select(SENSITIVE),
        secret.clone(),
    );
    let map = map.prop_map(|(a, b, c, d)| {
        Node::Map(vec![
            Member { name: a, value: b },
            Member { name: c, value: d },
        ])
    });
    let planted = prop_oneof![
        6 => secret,
        1 => kept,
        1 => select(NUMBERS).prop_map(Node::Number),
        1 => prop_oneof![Just(Node::Null), any::<bool>().prop_map(Node::Bool)],
        2 => list.prop_map(Node::List),
        2 => map.clone(),
        1 => map.prop_map(|map| Node::Document("", Box::new(map))),
    ];
    let member = prop_oneof![
        2 => (select(HARMLESS), harmless).prop_map(|(name, value)| Member { name, value }),
        1 => (select(SENSITIVE), planted).prop_map(|(name, value)| Member { name, value }),
    ];
    vec(member, 0..5)
}

pub(crate) fn documents() -> impl Strategy<Value = Node> {
    let value = || values(text().prop_map(Node::Text).boxed());
    let map = members(value()).prop_map(Node::Map).boxed();
    let list = vec(map.clone(), 0..3).prop_map(Node::List);
    prop_oneof![4 => map, 1 => list]
}

impl Member {
    pub(crate) fn is_sensitive(&self) -> bool {
        SENSITIVE.contains(&self.name)
    }
}

impl Node {
    /// Whether a reader sees this in `value`; after the redaction, where `masked` says how
    /// values are written.
    pub(crate) fn is_seen_in(&self, value: &Value, masked: Option<Values>) -> bool {
        self.is_seen(value, masked, false)
    }

    fn is_seen(&self, value: &Value, masked: Option<Values>, sensitive: bool) -> bool {
        let in_one_string = sensitive && masked == Some(Values::String);
        match self {
            Self::Null => value.is_null(),
            Self::Bool(bool) => value == bool,
            Self::Text(text) if sensitive && !KEPT.contains(&text.as_str()) => value == MASK,
            Self::Text(text) => value == text,
            Self::Document(..) if sensitive => value == MASK,
            Self::Document(behind, document) => {
                let inner = value.as_str().and_then(|text| text.strip_prefix(behind));
                let inner = inner.and_then(|text| serde_json::from_str(text).ok());
                inner.is_some_and(|inner| document.is_seen(&inner, masked, false))
            }
            Self::Number(_) | Self::List(_) | Self::Map(_) if in_one_string => value == MASK,
            Self::Number(_) if sensitive => value.is_null(),
            Self::Number(number) => serde_json::from_str::<Value>(number).unwrap() == *value,
            Self::List(nodes) => value.as_array().is_some_and(|values| {
                let mut pairs = nodes.iter().zip(values);
                values.len() == nodes.len()
                    && pairs.all(|(node, value)| node.is_seen(value, masked, sensitive))
            }),
            Self::Map(members) => value.as_object().is_some_and(|map| {
                // Of members with one name, a reader keeps the last.
                let last: BTreeMap<_, _> =
                    members.iter().map(|member| (member.name, member)).collect();
                last.len() == map.len()
                    && last.values().all(|member| {
                        let sensitive = masked.is_some() && (sensitive || member.is_sensitive());
                        map.get(member.name)
                            .is_some_and(|value| member.value.is_seen(value, masked, sensitive))
                    })
            }),
        }
    }

    /// How many strings the innermost document is in.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Document(_, document) => 1 + document.depth(),
            Self::List(nodes) => nodes.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(members) => members
                .iter()
                .map(|member| member.value.depth())
                .max()
                .unwrap_or(0),
            _ => 0,
        }
    }

    /// The planted secrets that are of letters and digits alone.
    pub(crate) fn secrets(&self) -> Vec<String> {
        match self {
            Self::Text(text)
                if text.starts_with(MARKER)
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
            {
                vec![text.clone()]
            }
            Self::Document(_, document) => document.secrets(),
            Self::List(nodes) => nodes.iter().flat_map(Self::secrets).collect(),
            Self::Map(members) => members
                .iter()
                .flat_map(|member| member.value.secrets())
                .collect(),
            _ => Vec::new(),
        }
    }
}
