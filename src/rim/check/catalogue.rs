//! What can be found, with the words for people.

use blackbar::Redactor;

/// A rule as reports tell of it.
#[derive(Clone)]
pub(crate) struct RuleInfo {
    pub(crate) id: String,
    pub(crate) about: String,
    /// Why we believe the format; often an address.
    pub(crate) source: String,
    /// Its secret goes over several lines, each a finding of the engine.
    pub(crate) block: bool,
}

/// All rules by the engine's numbers, and then those of `check` itself.
pub(crate) struct Catalogue {
    rules: Vec<RuleInfo>,
}

const KUBERNETES: (&str, &str, &str) = (
    "check/kubernetes-secret",
    "Value in a Kubernetes Secret manifest",
    "https://kubernetes.io/docs/concepts/configuration/secret/",
);

impl Catalogue {
    pub(crate) fn of(redactor: &Redactor) -> Self {
        let info = |id: &str, about: &str, source: &str, block| RuleInfo {
            id: id.to_owned(),
            about: about.to_owned(),
            source: source.to_owned(),
            block,
        };
        let rules = redactor.rules().map(|rule| {
            let block = rule.block().is_some();
            info(rule.full_id(), rule.about(), rule.source(), block)
        });
        let names = redactor
            .names()
            .iter()
            .map(|name| info(name.full_id(), name.about(), name.source(), false));
        let (id, about, source) = KUBERNETES;
        let own = [info(id, about, source, false)];
        Self {
            rules: rules.chain(names).chain(own).collect(),
        }
    }

    pub(crate) fn rule(&self, index: usize) -> &RuleInfo {
        &self.rules[index]
    }

    /// The number of `check/kubernetes-secret`, the last one.
    pub(crate) fn kubernetes(&self) -> usize {
        self.rules.len() - 1
    }
}
