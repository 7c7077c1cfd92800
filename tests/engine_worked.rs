//! Cases worked out by hand from the semantics, each by the sentence that decides it.
//! The oracle and the engine must both agree, whole and byte by byte.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod oracle;

use oracle::rules::{Framing, Options, Profile, Spec, rules, spec};
use oracle::{Output, drive};

struct Case {
    specs: Vec<Spec>,
    options: Options,
    framing: Framing,
}

fn case(specs: impl Into<Vec<Spec>>) -> Case {
    Case {
        specs: specs.into(),
        options: Options::DEFAULT,
        framing: Framing::Lines,
    }
}

impl Case {
    fn document(mut self) -> Self {
        self.framing = Framing::Document;
        self
    }

    fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Asserts what becomes of `input`; `M` in the expectation stands for a mask.
    #[track_caller]
    fn gives(&self, input: &str, expected: &str) -> Output {
        let expected = expected.replace('M', "[REDACTED]");
        self.gives_bytes(input.as_bytes(), expected.as_bytes())
    }

    #[track_caller]
    fn gives_bytes(&self, input: &[u8], expected: &[u8]) -> Output {
        let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let expected = shown(expected);
        let naive = oracle::redact(&rules(&self.specs), &self.options, self.framing, input);
        assert_eq!(shown(&naive.bytes), expected, "oracle, {}", shown(input));
        let engine = drive::engine(&self.specs, &self.options).unwrap();
        let whole = drive::whole(&engine, self.framing, input);
        assert_eq!(whole, naive, "engine, whole, {}", shown(input));
        let bytewise = drive::bytewise(&engine, self.framing, input);
        assert_eq!(bytewise, naive, "engine, byte by byte, {}", shown(input));
        naive
    }
}

#[test]
fn a_line_ends_before_its_newline_and_one_carriage_return() {
    let case = case([spec("[ab\r]+")]);
    case.gives("a\nb\r\na\r\r\n\nb\r", "M\nM\r\nM\r\n\nM");
    case.gives("", "");
    case.gives("\n", "\n");
    case.gives("\r\n", "\r\n");
    case.gives("\r", "M");
}

#[test]
fn a_document_is_one_record_and_only_its_last_newline_is_a_terminator() {
    let case = case([spec("[ab\r\n]+")]).document();
    case.gives("a\nb\r\n", "M\r\n");
    case.gives("a\r\n\n", "M\n");
    case.gives("x\n", "x\n");
    case.gives("", "");
}

#[test]
fn a_match_is_leftmost_first() {
    case([spec("a|ab")]).gives("xabx", "xMbx");
    case([spec("ab|a")]).gives("xabax", "xMMx");
    case([spec("a+?b?")]).gives("aab", "MM");
    case([spec("(?:ab|a)(?:bc)?")]).gives("abc", "Mc");
}

#[test]
fn the_next_start_is_the_end_of_a_match() {
    case([spec("aba")]).gives("ababa", "Mba");
    case([spec("aab")]).gives("aaab", "aM");
}

#[test]
fn a_candidate_followed_past_the_reach_is_overdue_to_where_its_threads_die() {
    let case = case([spec("ab*").reach(3)]);
    assert_eq!(case.gives("abb", "M").undecided, 0);
    assert_eq!(case.gives("abbbbbx", "Mx").undecided, 1);
    assert_eq!(case.gives("abbbabb", "MM").undecided, 1);
}

#[test]
fn an_overdue_candidate_needs_no_match() {
    case([spec("a[^z]*z").reach(3)]).gives("xabcdef\nabc", "xM\nabc");
    // The match of one byte is not looked at.
    case([spec("a[^z]*z|a").reach(3)]).gives("abcd abz abc", "M Mbc");
    case([spec("a[^z]*z|a").reach(3)]).gives("abc", "Mbc");
}

#[test]
fn an_overdue_candidate_skips_the_condition_after_it_but_not_the_one_before() {
    let case = case([spec("ab*").reach(2).before("[ ]").after("[ ]")]);
    case.gives(" abbx", " Mx");
    case.gives(" abx", " abx");
    case.gives("xabbx", "xabbx");
}

#[test]
fn an_overdue_secret_starts_after_the_least_that_its_lead_matches() {
    case([spec("k=+(a+)").secret(1).reach(3)]).gives("k==aaaa", "k=M");
    // The group is no item of the concatenation, so the whole candidate goes.
    case([spec("k=(a+)?b").secret(1).reach(3)]).gives("k=aaaa", "M");
    // The group was not reached.
    case([spec("k=*-(a+)").secret(1).reach(3)]).gives("k====", "M");
}

#[test]
fn conditions_look_at_the_bytes_beside_a_match() {
    let case = case([spec("ab").before("[^a-z]").after("[^a-z]")]);
    case.gives("ab ab xab abx .ab.", "M M xab abx .M.");
}

#[test]
fn the_condition_before_sees_through_one_escape() {
    let case = case([spec("tok").before("[^A-Za-z0-9]")]);
    for escape in [
        r"\n",
        r"\r",
        r"\t",
        r"\b",
        r"\f",
        r"\v",
        r"\a",
        r"\0",
        r"\e",
        r"\x0a",
        r"\x2E",
        "%0a",
        "%2E",
        r"\u000a",
        r"\u00e9",
        r"\u1234",
        r"\uFFFF",
        "\u{1b}[m",
        "\u{1b}[1;31m",
        r"\x1b[32m",
        r"\x1B[32m",
        r"\u001b[0m",
        r"\u001B[0m",
        r"\033[0m",
        r"\e[0m",
        "\u{1b}[0x",
        "\u{1b}[?1m",
        "\u{1b}[?25h",
        "\u{1b}[K",
        "\u{1b}(B",
        "\u{1b}7",
    ] {
        case.gives(&format!("x{escape}tok"), &format!("x{escape}M"));
    }
    for not in [
        "x",
        r"\z",
        r"\x41",
        "%41",
        r"\u0041",
        r"\u123",
        r"\x4",
        "[0m",
        r"\x1c[0m",
        r"\u001c[0m",
        r"\034[0m",
        "\u{1b}[12345K",
        "\u{1b}[?25",
        "[?25h",
        "\u{1b}A",
        r"\e[?25h",
    ] {
        let text = format!("x{not}tok");
        case.gives(&text, &text);
    }
    let sequence = |digits: usize| format!("x\u{1b}[{}mtok", "1".repeat(digits));
    case.gives(&sequence(29), &sequence(29).replace("tok", "M"));
    case.gives(&sequence(30), &sequence(30));
}

#[test]
fn a_finding_begins_behind_the_control_sequence_that_it_would_begin_in() {
    let word = case([spec("[0-9A-Za-z]{6,}")]);
    word.gives("x\u{1b}[?25hsecret", "x\u{1b}[?25hM");
    word.gives("\u{1b}[Ksecret", "\u{1b}[KM");
    word.gives("\u{1b}7secret\u{1b}[0m", "\u{1b}7M\u{1b}[0m");
    word.gives("\u{1b}[1;31", "\u{1b}[1;31");
    word.gives("\u{1b}[Kxxxxx", "\u{1b}[Kxxxxx");
    // Not where the rule matches in the sequence, or what is no sequence begins so.
    word.gives("\u{1b}[12345msecret", "\u{1b}[M");
    let short = case([spec("[0-9][0-9a-z]*")]);
    short.gives("\u{1b}[?25hsecret", "\u{1b}[?M");
}

#[test]
fn a_rejected_match_moves_on_by_one_byte() {
    let low = || spec("a[a-c]{3}").entropy(1.5, true);
    case([low()]).gives("aaabc", "aM");
    let strict = |options: &mut Options| options.profile = Profile::Strict;
    case([low()]).options(strict).gives("aaabc", "Mc");
    case([spec("a[a-c]{3}").entropy(1.5, false)]).gives("aaabc", "Mc");
}

#[test]
fn the_secret_group_is_masked_or_the_whole_match_where_it_took_no_part() {
    case([spec("k=([a-z]+)|tok").secret(1)]).gives("k=abc tok", "k=M M");
    // An empty secret is no finding.
    let output = case([spec("k=([a-z]*);").secret(1)]).gives("k=;", "k=;");
    assert_eq!(output.findings, [0]);
}

#[test]
fn a_secret_that_is_a_placeholder_as_a_whole_is_no_finding() {
    let case = case([spec(r"k=([^ ]+)").secret(1)]);
    let text =
        "k=[REDACTED] k=[REDACTED:a/b-c] k=*** k=xxxxx k=XXXXXX k=[Filtered] k=<hidden> k=REDACTED";
    assert_eq!(case.gives(text, text).findings, [0]);
    case.gives(
        "k=[REDACTED]x k=** k=***x k=xxxx k=xxXxx k=[REDACTED:]",
        "k=M k=M k=M k=M k=M k=M",
    );
}

#[test]
fn an_escape_is_masked_with_the_whole_of_it() {
    let case = case([spec("[nux0-9]+")]);
    case.gives(r"a\n", "aM");
    case.gives(r"\\n", r"\\M");
    case.gives(r"\u0041b", "Mb");
    case.gives(r"\ud83d\ude00b", "Mb");
    case.gives(r"\ud83dx", "MM");
    case.gives(r"\x41 \x4 \q1", r"M \M \qM");
    // Cut off by the end: not an escape.
    case.gives(r"z\u00", r"z\M");
}

#[test]
fn a_character_is_masked_with_the_whole_of_it() {
    let last_byte = case([spec(r"(?-u:\xa9)")]);
    last_byte.gives("é©", "MM");
    let bytes = case([spec(r"\xa9")]);
    bytes.gives("é", "M");
    // Not well-formed, so each byte is a unit.
    bytes.gives_bytes(b"\xe2\xa9\xc3\xa9\xc3", b"\xe2[REDACTED][REDACTED]\xc3");
}

#[test]
fn a_record_that_opens_with_json_keeps_quotes_and_structure() {
    let case = case([spec("[a-c\",:1]+")]);
    case.gives(r#"{"ab":"c","x":1}"#, r#"{"M":"M","x":"M"}"#);
    case.gives(r#" ["a", 11, x"#, r#" ["M", "M", x"#);
    case.gives(r#"x{"ab":"c"}"#, "x{M}");
    case.gives(r#"{"ab" "c"}"#, r#"{"M" M}"#);
    case.gives(r#""a" "b""c""#, r#""M" "M""M""#);
    case.gives(r#""a":"b""#, r#""M"M"#);
}

#[test]
fn scalars_are_masked_whole_and_quoted() {
    let case = case([spec("2|u")]);
    case.gives("[12.5e-2, true,null]", r#"["M", "M","M"]"#);
    case.gives("[-2]", r#"["M"]"#);
    // What is no scalar of JSON is text from its start on.
    case.gives("[12x, 2]", "[1Mx, M]");
    case.gives("[+2]", "[+M]");
    case.gives("[truely]", "[trMely]");
    // At depth 0 there are none.
    case.gives("[] 12", "[] 1M");
    // The content's end cuts them off.
    case.gives("[2.", r#"["M""#);
    case.gives("[tru", r#"["M""#);
}

#[test]
fn a_scalar_longer_than_the_reach_is_text() {
    let case = case([spec("2")]).options(|options| options.reach = 4);
    case.gives("[1112]", r#"["M"]"#);
    case.gives("[11112]", "[1111M]");
    case.gives("    [12]", r#"    ["M"]"#);
    case.gives("     [12]", "     [1M]");
    case.gives("\u{feff} [12]", "\u{feff} [\"M\"]");
    case.gives("\u{feff}  [12]", "\u{feff}  [1M]");
}

#[test]
fn strings_that_hold_documents_are_read_in_turn() {
    let case = case([spec(r#"[b1"\\,:]+"#)]);
    case.gives(r#"["{\"a\":1}"]"#, r#"["{\"a\":\"M\"}"]"#);
    case.gives(
        r#"["[\"[1,\\\"b\\\"]\"]"]"#,
        r#"["[\"[\\\"M\\\",\\\"M\\\"]\"]"]"#,
    );
    case.gives(r#"["\u005b1]"]"#, r#"["\u005b\"M\"]"]"#);
    case.gives(r#"["\"b\""]"#, r#"["\"M\""]"#);
    // Not a document, so its escapes are units.
    case.gives(r#"["a\"b\"a"]"#, r#"["aMa"]"#);
}

#[test]
fn strings_at_level_six_are_not_read_any_deeper() {
    let nested = |levels: usize, inner: &str| {
        (0..levels).fold(inner.to_owned(), |text, _| {
            serde_json::to_string(&[text]).unwrap()
        })
    };
    let case = case([spec("1")]);
    let mask = |level: u32| {
        let quote = "\\".repeat(2usize.pow(level) - 1) + "\"";
        format!("{quote}M{quote}")
    };
    // The number is at level `levels`; its string at the level before.
    for levels in 1..=6 {
        let text = nested(levels, "[1]");
        case.gives(&text, &text.replace('1', &mask(levels as u32)));
    }
    let text = nested(7, "[1]");
    case.gives(&text, &text.replace('1', "M"));
}

#[test]
fn blanks_at_the_beginning_of_a_string_that_can_be_read_deeper_are_structure() {
    let case = case([spec("[bn ]+")]);
    case.gives(r#"["  [b"]"#, r#"["  [M"]"#);
    case.gives(r#"["  b b"]"#, r#"["  M"]"#);
    case.gives(r#"["\n b"]"#, r#"["\n M"]"#);
    case.gives(r#"["  "]"#, r#"["  "]"#);
    case.gives("  b", "M");
}

#[test]
fn findings_that_overlap_share_a_mask_and_touching_ones_keep_two() {
    let output = case([spec("abc"), spec("cd"), spec("e")]).gives("xabcdex", "xMMx");
    assert_eq!((output.findings, output.masks), (vec![1, 1, 1], 2));
    // Widened to the same escape, they overlap.
    case([spec(r"a\\"), spec("nb")]).gives(r"a\nb", "M");
}

#[test]
fn a_finding_across_strings_gives_each_its_mask_and_counts_once() {
    let output = case([spec("b[^z]*z")]).gives(r#"{"ab":[1,"xz"]}"#, r#"{"aM":["M","M"]}"#);
    assert_eq!((output.findings, output.masks), (vec![1], 3));
    // Nothing but structure: nothing is masked or counted.
    let output = case([spec("\",\"")]).gives(r#"["a","b"]"#, r#"["a","b"]"#);
    assert_eq!(output.findings, [0]);
}

#[test]
fn a_label_is_of_the_smallest_start_then_overdue_then_longest_then_smallest_id() {
    let labelled = |specs: &[Spec], input: &str, expected: &str| {
        let case = case(specs).options(|options| options.labels = true);
        let labels = expected.replace('<', "[REDACTED:t/r").replace('>', "]");
        case.gives(input, &labels);
    };
    labelled(&[spec("bc"), spec("ab")], "abc", "<1>");
    labelled(&[spec("ab"), spec("abc")], "abc", "<1>");
    labelled(&[spec("abc"), spec("[ab]+c")], "abc", "<0>");
    labelled(&[spec("abcd"), spec("ab+z?").reach(1)], "abcd", "<1>");
    labelled(&[spec("b"), spec("c")], "abca", "a<0><1>a");
}

#[test]
fn a_case_ignoring_pattern_ignores_the_case_of_ascii() {
    case([spec("tok=([a-c]+)").secret(1).ignore_case()])
        .gives("TOK=aBC toK=xabc", "TOK=M toK=xabc");
}

#[test]
fn a_long_anchor_is_not_overtaken_by_a_short_one_that_starts_later_and_ends_earlier() {
    let anchored = spec("abcd|bc+x").anchors(&["abcd", "bc"], 0);
    case([anchored])
        .options(|options| options.max_record = 1)
        .gives("nabcd bcx", "nM M");
}

#[test]
fn the_secret_of_an_overdue_candidate_starts_within_its_reach_or_is_the_candidate() {
    let case = case([spec("k[a-c]*=(x+)y").secret(1).reach(4)]);
    case.gives("kab=xxxx", "kab=M");
    case.gives("kabc=xxx", "M");
}

#[test]
fn a_candidate_may_outgrow_its_reach_before_it_holds_its_anchor() {
    case([spec("[ab]{1,2}[12]{1,2}ca").anchors(&["ca"], 4).reach(2)])
        .options(|options| options.max_record = 1)
        .gives("xbb1 x", "xM x");
}
