//! Patterns made at random: small ones, of all that a pattern can be made of.

/// A xorshift64* generator, so that every pattern can be had again.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// A pattern of nested parts, `depth` of them at the most.
pub(super) fn pattern(random: &mut Random, depth: usize) -> String {
    const ATOMS: [&str; 14] = [
        "a",
        "b",
        "ab",
        "[ab]",
        "[^a]",
        "[a-f0-9]",
        "[b-y]",
        "(?s:.)",
        "(?i:k)",
        r"\xff",
        "",
        "(?u:[é-ž])",
        "(?u:[a🦀ﬀ])",
        "[^\\x00-\\x20]",
    ];
    const REPEATS: [&str; 12] = [
        "*", "+", "?", "*?", "+?", "??", "{2}", "{0,3}", "{2,4}?", "{3,}", "{0}", "{1,6}",
    ];
    if depth == 0 {
        return random.one(&ATOMS).to_owned();
    }
    let part = |random: &mut Random| {
        let depth = random.below(depth);
        pattern(random, depth)
    };
    match random.below(4) {
        0 => format!("(?:{}){}", part(random), random.one(&REPEATS)),
        1 => format!("({}|{})", part(random), part(random)),
        2 => format!("(?:{}|{}|{})", part(random), part(random), part(random)),
        _ => format!("{}{}{}", part(random), part(random), part(random)),
    }
}
