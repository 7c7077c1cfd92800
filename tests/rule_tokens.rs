//! A thousand random tokens of every rule, made from its own pattern: each is found in
//! random surroundings, cut at random places, and nothing else changes.
//!
//! Tokens come from the pattern, so a new rule is tried without a word about it. What
//! must be hidden is decided by the naive simulation in `oracle`, not by the engine.

#[path = "rule_tokens/naive.rs"]
mod naive;
mod oracle;
#[path = "rule_tokens/sample.rs"]
mod sample;
#[path = "rule_tokens/spelled.rs"]
mod spelled;
#[path = "rule_tokens/surroundings.rs"]
mod surroundings;
#[path = "rule_tokens/trial.rs"]
mod trial;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use blackbar::{Pack, Profile, Redactor, RuleSource, embedded_packs};

use trial::Trial;

/// Tokens of each rule.
const TOKENS: usize = 1000;

/// One token in so many is also shown to all rules together.
const TOGETHER: usize = 20;

#[test]
fn random_tokens_of_every_rule_are_hidden() {
    let packs = embedded_packs().expect("the embedded packs parse");
    let rules: Vec<(&Pack, &RuleSource)> = packs
        .iter()
        // Numbers of opt-in packs have check digits, which chance seldom hits: their examples
        // are tried in tests/packs.rs.
        .filter(|pack| !pack.is_optional())
        .flat_map(|pack| pack.rules().iter().map(move |rule| (pack, rule)))
        .collect();
    let all = Profile::ALL.map(|profile| {
        let redactor = Redactor::builder().profile(profile).build();
        Arc::new(redactor.expect("the embedded packs compile"))
    });
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some((pack, rule)) = rules.get(next.fetch_add(1, Ordering::Relaxed)) {
            let profile = rule.profiles()[0];
            let together = all.iter().find(|redactor| redactor.profile() == profile);
            let together = together.expect("there is one for each profile");
            wrong.extend(Trial::new(pack, rule).run(TOKENS, TOGETHER, together));
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        let results = threads.map(|thread| thread.join().expect("a trial does not panic"));
        results.into_iter().flatten().collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
