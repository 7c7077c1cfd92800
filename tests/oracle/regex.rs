//! A byte regex as a list of instructions, and the leftmost-first simulation of it:
//! an ordered list of threads, stepped over the text one byte at a time.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// A compiled pattern and what is needed to find the start of its secret.
pub(crate) struct Regex {
    program: Program,
    /// What stands before the secret group, if the pattern is a concatenation that
    /// has the group as one of its items.
    lead: Option<Program>,
}

/// What the simulation did at one start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The most bytes that some thread consumed.
    pub(crate) followed: usize,
    pub(crate) matched: Option<Match>,
}

/// Absolute offsets of a match and of the secret group in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) end: usize,
    pub(crate) group: Option<(usize, usize)>,
}

impl Regex {
    pub(crate) fn new(pattern: &str, ignore_case: bool, secret: u32) -> Self {
        let hir = parse(pattern, ignore_case);
        Self {
            lead: lead(&hir, secret).map(|items| Program::new(&Hir::concat(items), 0)),
            program: Program::new(&hir, secret),
        }
    }

    /// Simulates the pattern from `start` on.
    pub(crate) fn run(&self, text: &[u8], start: usize) -> Outcome {
        self.program.run(text, start)
    }

    /// The smallest end of what stands before the secret group, from `start` on and
    /// within `reach` of it.
    pub(crate) fn secret_start(&self, text: &[u8], start: usize, reach: usize) -> usize {
        let last = text.len().min(start + reach);
        self.lead
            .as_ref()
            .and_then(|lead| (start..=last).find(|&end| lead.matches(&text[start..end])))
            .unwrap_or(start)
    }
}

/// A class of bytes, as a condition names it.
pub(crate) struct ByteClass(Box<[bool; 256]>);

impl ByteClass {
    pub(crate) fn new(pattern: &str) -> Self {
        let hir = parse(pattern, false);
        Self(match hir.kind() {
            HirKind::Class(class) => set(&members(class)),
            // A class of one byte is a literal for regex-syntax.
            HirKind::Literal(literal) => set(&[literal.0.to_vec()]),
            other => panic!("a condition is a class of bytes, not {other:?}"),
        })
    }

    pub(crate) fn holds(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }
}

fn parse(pattern: &str, ignore_case: bool) -> Hir {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(ignore_case)
        .build()
        .parse(pattern)
        .unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

fn lead(hir: &Hir, secret: u32) -> Option<Vec<Hir>> {
    let HirKind::Concat(items) = hir.kind() else {
        return None;
    };
    let at = items
        .iter()
        .position(|item| matches!(item.kind(), HirKind::Capture(group) if group.index == secret))?;
    Some(items[..at].to_vec())
}

/// The characters of a class. Without Unicode they are bytes, except that `a|b` and
/// `é|è` are classes of characters for regex-syntax, few and with the same meaning.
fn members(class: &Class) -> Vec<Vec<u8>> {
    match class {
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .map(|byte| vec![byte])
            .collect(),
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .map(|char| char.to_string().into_bytes())
            .collect(),
    }
}

fn set(members: &[Vec<u8>]) -> Box<[bool; 256]> {
    let mut set = Box::new([false; 256]);
    for member in members {
        assert_eq!(member.len(), 1, "a class of bytes");
        set[usize::from(member[0])] = true;
    }
    set
}

enum Instruction {
    /// Consumes one byte of the set, then goes on at the address.
    Byte(Box<[bool; 256]>, usize),
    /// Goes on at each address; the first has the highest priority.
    Split(Vec<usize>),
    /// Notes the position as the group's start (0) or end (1), then goes on.
    Save(usize, usize),
    Match,
}

/// Where the secret group starts and ends, as far as a thread knows.
type Slots = [Option<usize>; 2];

/// Threads in the order of their priority, at most one at each address.
#[derive(Default)]
struct Threads {
    list: Vec<(usize, Slots)>,
    seen: Vec<bool>,
}

struct Program {
    instructions: Vec<Instruction>,
    start: usize,
    secret: u32,
}

impl Program {
    fn new(hir: &Hir, secret: u32) -> Self {
        let mut program = Self {
            instructions: vec![Instruction::Match],
            start: 0,
            secret,
        };
        program.start = program.compile(hir, 0);
        program
    }

    fn push(&mut self, instruction: Instruction) -> usize {
        self.instructions.push(instruction);
        self.instructions.len() - 1
    }

    /// Writes `hir`, to be followed by `next`; returns the address of its beginning.
    fn compile(&mut self, hir: &Hir, next: usize) -> usize {
        match hir.kind() {
            HirKind::Empty => next,
            HirKind::Literal(literal) => self.literal(&literal.0, next),
            HirKind::Class(class) => {
                let members = members(class);
                if members.iter().all(|member| member.len() == 1) {
                    return self.push(Instruction::Byte(set(&members), next));
                }
                let starts = members.iter().map(|member| self.literal(member, next));
                let starts = starts.collect();
                self.push(Instruction::Split(starts))
            }
            HirKind::Look(look) => panic!("patterns have no look-around, not even {look:?}"),
            HirKind::Repetition(repetition) => self.repetition(repetition, next),
            HirKind::Capture(group) if group.index == self.secret => {
                let end = self.push(Instruction::Save(1, next));
                let sub = self.compile(&group.sub, end);
                self.push(Instruction::Save(0, sub))
            }
            HirKind::Capture(group) => self.compile(&group.sub, next),
            HirKind::Concat(items) => items
                .iter()
                .rev()
                .fold(next, |next, item| self.compile(item, next)),
            HirKind::Alternation(items) => {
                let starts = items.iter().map(|item| self.compile(item, next)).collect();
                self.push(Instruction::Split(starts))
            }
        }
    }

    fn literal(&mut self, bytes: &[u8], next: usize) -> usize {
        bytes.iter().rev().fold(next, |next, &byte| {
            self.push(Instruction::Byte(set(&[vec![byte]]), next))
        })
    }

    fn repetition(&mut self, repetition: &Repetition, next: usize) -> usize {
        let Repetition { min, max, .. } = *repetition;
        let (mut next, mut required) = (next, min);
        match max {
            Some(max) => {
                let exit = next;
                for _ in min..max {
                    let sub = self.compile(&repetition.sub, next);
                    next = self.choice(repetition, sub, exit);
                }
            }
            // x{n,} is x{n-1} and x+. x{0,} is a loop that is entered at its choice;
            // where x can be empty it is (x+)?, so that a turn that consumes nothing
            // does not come before the turns that do. (As the regex crate has it.)
            None => {
                let exit = next;
                let (sub, again) = self.one_or_more(repetition, exit);
                let is_never_empty = repetition.sub.properties().minimum_len() > Some(0);
                next = match min {
                    0 if is_never_empty => again,
                    0 => self.choice(repetition, sub, exit),
                    _ => sub,
                };
                required = min.saturating_sub(1);
            }
        }
        for _ in 0..required {
            next = self.compile(&repetition.sub, next);
        }
        next
    }

    /// Returns the addresses of the first turn and of the choice after each.
    fn one_or_more(&mut self, repetition: &Repetition, exit: usize) -> (usize, usize) {
        let again = self.push(Instruction::Split(Vec::new()));
        let sub = self.compile(&repetition.sub, again);
        self.instructions[again] = Instruction::Split(order(repetition, sub, exit));
        (sub, again)
    }

    fn choice(&mut self, repetition: &Repetition, sub: usize, exit: usize) -> usize {
        self.push(Instruction::Split(order(repetition, sub, exit)))
    }

    fn run(&self, text: &[u8], start: usize) -> Outcome {
        let mut outcome = Outcome {
            followed: 0,
            matched: None,
        };
        let mut threads = Threads::default();
        self.add(&mut threads, self.start, start, [None; 2]);
        let mut at = start;
        while !threads.list.is_empty() {
            let mut next = Threads::default();
            for &(address, slots) in &threads.list {
                match &self.instructions[address] {
                    Instruction::Byte(set, then) => {
                        if at < text.len() && set[usize::from(text[at])] {
                            outcome.followed = at + 1 - start;
                            self.add(&mut next, *then, at + 1, slots);
                        }
                    }
                    Instruction::Match => {
                        let group = slots[0].zip(slots[1]);
                        outcome.matched = Some(Match { end: at, group });
                        // The threads of lower priority are cut off here.
                        break;
                    }
                    Instruction::Split(_) | Instruction::Save(..) => {}
                }
            }
            threads = next;
            at += 1;
        }
        outcome
    }

    /// Whether the program matches `text` from end to end, whatever the priorities.
    fn matches(&self, text: &[u8]) -> bool {
        let mut threads = Threads::default();
        self.add(&mut threads, self.start, 0, [None; 2]);
        for &byte in text {
            let mut next = Threads::default();
            for &(address, slots) in &threads.list {
                if let Instruction::Byte(set, then) = &self.instructions[address]
                    && set[usize::from(byte)]
                {
                    self.add(&mut next, *then, 0, slots);
                }
            }
            threads = next;
        }
        threads
            .list
            .iter()
            .any(|&(address, _)| matches!(self.instructions[address], Instruction::Match))
    }

    /// Adds a thread at `address` and those that it splits into, unless a thread of
    /// higher priority is there.
    fn add(&self, threads: &mut Threads, address: usize, at: usize, mut slots: Slots) {
        threads.seen.resize(self.instructions.len(), false);
        if std::mem::replace(&mut threads.seen[address], true) {
            return;
        }
        match &self.instructions[address] {
            Instruction::Split(starts) => {
                for &start in starts {
                    self.add(threads, start, at, slots);
                }
            }
            Instruction::Save(slot, next) => {
                slots[*slot] = Some(at);
                self.add(threads, *next, at, slots);
            }
            Instruction::Byte(..) | Instruction::Match => threads.list.push((address, slots)),
        }
    }
}

fn order(repetition: &Repetition, sub: usize, exit: usize) -> Vec<usize> {
    if repetition.greedy {
        vec![sub, exit]
    } else {
        vec![exit, sub]
    }
}
