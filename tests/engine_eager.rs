//! S5: what leaves early is the beginning of what leaves in any case, and prompts leave.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod oracle;

use std::sync::Arc;

use blackbar::{Limits, Profile, Redactor};

use oracle::drive::{self, Stream, shown};
use oracle::random::Random;
use oracle::rules::Framing;
use oracle::{generate, logs};

fn embedded(profile: Profile) -> Arc<Redactor> {
    Arc::new(Redactor::builder().profile(profile).build().unwrap())
}

fn left_of(engine: &Arc<Redactor>, text: &str) -> String {
    let mut stream = Stream::new(engine, Framing::Lines);
    stream.write(text.as_bytes());
    stream.flush();
    String::from_utf8(stream.left).unwrap()
}

#[test]
fn s5_prompts_leave_at_once() {
    for profile in [Profile::Standard, Profile::Strict] {
        let engine = embedded(profile);
        for prompt in [
            "Password: ",
            "Enter password: ",
            "API key: ",
            "Username: ",
            "Overwrite (y/n)? ",
            "Go on? [Y/n] ",
            "$ ",
            "# ",
            ">>> ",
            "mysql> ",
            "\x1b[1;32muser@host\x1b[0m:\x1b[34m~\x1b[0m$ ",
            "password=",
            "50% [=====>     ] ",
        ] {
            let left = left_of(&engine, prompt);
            match profile {
                Profile::Standard => assert_eq!(left, prompt),
                // A secret of a strict rule may begin with the byte before it.
                _ => assert_eq!(left, prompt[..left.len()].to_owned()),
            }
            if profile == Profile::Strict {
                assert!(prompt.len() - left.len() <= 1, "{left:?} of {prompt:?}");
            }
        }
    }
}

#[test]
fn s5_what_may_be_a_secret_is_held_and_what_is_before_it_is_not() {
    let engine = embedded(Profile::Standard);
    let begun = ["sk_li", "ve_"].concat();
    for (text, left) in [
        ("a line, and then password=hunter2hunt", "a line, and then "),
        (
            "a line, and then Authorization: Bearer abcd",
            "a line, and then ",
        ),
        (&format!("a line, and then {begun}"), "a line, and then "),
        ("caf\u{e9} \\", "caf\u{e9} "),
    ] {
        assert_eq!(left_of(&engine, text), left, "of {text}");
    }
}

#[test]
fn s5_the_answer_to_a_prompt_is_masked() {
    let engine = embedded(Profile::Standard);
    for (prompt, answer) in [
        ("Password: ", "q7Rk2VxW9z"),
        ("login ok, password=", "q7Rk2VxW9z"),
        ("x-api-key: ", "q7Rk2VxW9zq7Rk2VxW9z"),
    ] {
        let mut stream = Stream::new(&engine, Framing::Lines);
        stream.write(prompt.as_bytes());
        stream.flush();
        stream.write(format!("{answer}\n").as_bytes());
        assert_eq!(
            String::from_utf8(stream.left).unwrap(),
            format!("{prompt}[REDACTED]\n")
        );
    }
}

#[test]
fn g2_flushing_does_not_show_in_the_output_under_random_rules() {
    for seed in 0..1500 {
        let mut random = Random::new(seed);
        let setting = generate::setting(&mut random);
        let engine = drive::engine(&setting.specs, &setting.options).unwrap();
        for _ in 0..5 {
            let input = generate::input(&mut random, &setting.specs);
            let whole = drive::whole(&engine, setting.framing, &input);
            let flushed = drive::flushed(&engine, setting.framing, &input);
            assert_eq!(flushed, whole, "seed {seed}, of {}", shown(&input));
        }
    }
}

#[test]
fn g2_flushing_does_not_show_in_the_output_under_the_embedded_packs() {
    for profile in [Profile::Standard, Profile::Strict, Profile::Article] {
        let engine = embedded(profile);
        for seed in 0..8 {
            let mut random = Random::new(seed);
            let (log, _) = logs::log(&mut random, 25);
            let whole = drive::whole(&engine, Framing::Lines, &log);
            assert!(profile == Profile::Article || whole.masks > 3, "{whole:?}");
            let flushed = drive::flushed(&engine, Framing::Lines, &log);
            assert_eq!(
                String::from_utf8_lossy(&flushed.bytes),
                String::from_utf8_lossy(&whole.bytes),
                "{profile}, seed {seed}"
            );
            assert_eq!(flushed, whole, "{profile}, seed {seed}");
        }
    }
}

#[test]
fn g2_flushing_does_not_show_in_the_output_of_long_records() {
    let limits = Limits {
        max_record: 700,
        ..Limits::default()
    };
    let engine = Redactor::builder().limits(limits).build().map(Arc::new);
    let engine = engine.unwrap();
    for seed in 10..14 {
        let mut random = Random::new(seed);
        let (log, _) = logs::log(&mut random, 30);
        let line: Vec<u8> = log.into_iter().filter(|&byte| byte != b'\n').collect();
        let whole = drive::whole(&engine, Framing::Lines, &line);
        let mut stream = Stream::new(&engine, Framing::Lines);
        for chunk in random.chunks(&line, 300) {
            stream.write(chunk);
            if random.below(2) == 0 {
                stream.flush();
            }
        }
        assert_eq!(stream.end(), whole, "seed {seed}");
    }
}

/// What ends with a control sequence is there at once, whatever its last bytes may begin.
#[test]
fn s5_a_complete_control_sequence_leaves_at_once() {
    for profile in [Profile::Standard, Profile::Strict] {
        let engine = embedded(profile);
        let finals = (b'A'..=b'Z').chain(b'a'..=b'z').map(char::from);
        let sequences = finals.flat_map(|last| {
            [
                "",
                "?25",
                "?2004",
                "27;5",
                "1",
                "38;2;255;128;0",
                ">4;1",
                "2 ",
            ]
            .map(|parameters| format!("\x1b[{parameters}{last}"))
        });
        let others = [
            "\x1b7", "\x1b8", "\x1b=", "\x1b>", "\x1bM", "\x1bc", "\x1b(B", "\x1b)0",
        ];
        for sequence in sequences.chain(others.map(String::from)) {
            for before in ["", "a word ", "~$ ls\r\x1b[K\x1b[1m"] {
                let text = format!("{before}{sequence}");
                assert_eq!(left_of(&engine, &text), text, "{profile}, {text:?}");
            }
        }
        // What is behind one is held as ever, and so may be what is not complete.
        for (text, left) in [
            ("\x1b[?25h\x1b[?2", "\x1b[?25h\x1b[?"),
            ("\x1b[?25hpassword=hunter2hunt", "\x1b[?25h"),
        ] {
            let found = left_of(&engine, text);
            assert!(left.starts_with(&found), "{profile}, {text:?}: {found:?}");
        }
    }
}

/// Each part of a rule's example may stand behind half a control sequence.
#[test]
fn g2_control_sequences_before_and_in_secrets_flushed_after_each_byte() {
    let engine = embedded(Profile::Standard);
    let sequences = ["\x1b[", "\x1b[?25h", "\x1b[2", "\x1b(", "\x1b[0m\x1b[K"];
    for pack in blackbar::embedded_packs().unwrap() {
        for rule in pack.rules() {
            for example in rule.examples().iter().take(1) {
                let text = example.input.as_str();
                let word = text.rfind([' ', '=', ':', '"']).map_or(0, |at| at + 1);
                for sequence in sequences {
                    let (head, tail) = text.split_at(word);
                    let input = format!("{head}{sequence}{tail}\x1b[0m");
                    let whole = drive::whole(&engine, Framing::Lines, input.as_bytes());
                    let flushed = drive::flushed(&engine, Framing::Lines, input.as_bytes());
                    assert_eq!(flushed, whole, "of {}", shown(input.as_bytes()));
                }
            }
        }
    }
}

#[test]
fn names_and_tokens_behind_control_sequences_are_told() {
    let engine = embedded(Profile::Standard);
    let token = ["ghp", "_", &"aB3dE6gH9".repeat(4)].concat();
    for sequence in [
        "\x1b[?25h",
        "\x1b[K",
        "\x1b[0m\x1b[K",
        "\x1b7",
        "\x1b(B",
        "\x1b[1;31m",
    ] {
        for (text, masked) in [
            ("password=q7Rk2VxW9z", "password=[REDACTED]"),
            ("API_KEY: q7Rk2VxW9zq7Rk2VxW9z", "API_KEY: [REDACTED]"),
            (&token, "[REDACTED]"),
        ] {
            let input = format!("word {sequence}{text}\x1b[0m\n");
            let expected = format!("word {sequence}{masked}\x1b[0m\n");
            let whole = drive::whole(&engine, Framing::Lines, input.as_bytes());
            assert_eq!(String::from_utf8_lossy(&whole.bytes), expected);
            let flushed = drive::flushed(&engine, Framing::Lines, input.as_bytes());
            assert_eq!(flushed, whole, "of {input:?}");
        }
    }
}

/// Every example of every rule, flushed after each byte.
#[test]
fn g2_flushing_does_not_show_in_the_output_of_the_examples() {
    let engine = embedded(Profile::Standard);
    let mut seen = 0;
    for pack in blackbar::embedded_packs().unwrap() {
        for rule in pack.rules() {
            for example in rule.examples() {
                let text = example.input.as_bytes();
                let whole = drive::whole(&engine, Framing::Lines, text);
                let flushed = drive::flushed(&engine, Framing::Lines, text);
                assert_eq!(flushed, whole, "of {}", shown(text));
                seen += 1;
            }
        }
    }
    assert!(seen > 500, "{seen} examples");
}
