//! Credentials that backends of logs and errors ask for: they go on to the upstream as
//! they are, since without them it takes nothing.
//!
//! All that passes unscanned by a preset is in [`BACKENDS`] and nowhere else. `config show`
//! writes it out for each route.

use serde::{Deserialize, Serialize};

use crate::rim::config::serve::Passes;

/// Whose credentials a route passes on.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Preset {
    /// Those of all backends below, but for parameters whose names are anybody's
    /// (`token`).
    #[default]
    Auto,
    /// Sentry, and what speaks its protocol.
    Sentry,
    /// Datadog's intakes.
    Datadog,
    /// Elasticsearch and `OpenSearch`.
    Elasticsearch,
    /// Splunk's HTTP Event Collector.
    Splunk,
    /// Grafana Loki.
    Loki,
    /// OTLP, and the vendors that take it in.
    Otlp,
    /// `CloudWatch` Logs, Firehose and other services behind signature version 4.
    Aws,
    /// Nobody's.
    None,
}

/// What one backend asks for.
struct Backend {
    preset: Preset,
    /// In lower case.
    headers: &'static [&'static str],
    parameters: &'static [&'static str],
}

/// The header that every backend may ask for.
const EVERY_BACKEND: &str = "authorization";

/// Names of parameters that not only the backend uses: they pass only where the route
/// says which backend it has.
const COMMON: [&str; 3] = ["api_key", "channel", "token"];

const BACKENDS: &[Backend] = &[
    // https://develop.sentry.dev/sdk/foundations/transport/authentication/: the DSN's public
    // key, in a header or, from browsers and Node, in the query. `sentry_secret` is the
    // deprecated second half.
    Backend {
        preset: Preset::Sentry,
        headers: &["x-sentry-auth"],
        parameters: &["sentry_key", "sentry_secret"],
    },
    // https://docs.datadoghq.com/api/latest/authentication/ and the browser SDK's intake,
    // which has the client token in the query.
    Backend {
        preset: Preset::Datadog,
        headers: &["dd-api-key", "dd-application-key"],
        parameters: &["dd-api-key", "api_key"],
    },
    // API keys and passwords come in Authorization. es-security-runas-user names a user.
    Backend {
        preset: Preset::Elasticsearch,
        headers: &["es-secondary-authorization"],
        parameters: &[],
    },
    // https://docs.splunk.com/Documentation/Splunk/latest/Data/HECExamples: the token may
    // stand in the query too; a channel is an identifier that the sender chose.
    Backend {
        preset: Preset::Splunk,
        headers: &["x-splunk-request-channel"],
        parameters: &["token", "channel"],
    },
    // https://grafana.com/docs/loki/latest/operations/multi-tenancy/: the tenant.
    Backend {
        preset: Preset::Loki,
        headers: &["x-scope-orgid"],
        parameters: &[],
    },
    // OTLP has no header of its own; vendors do: New Relic (api-key, x-insert-key,
    // x-license-key), Honeycomb, Lightstep, SigNoz, Uptrace, and x-api-key with many. What
    // an exporter sends under these names was given to it for its backend.
    Backend {
        preset: Preset::Otlp,
        headers: &[
            "api-key",
            "lightstep-access-token",
            "signoz-access-token",
            "signoz-ingestion-key",
            "uptrace-dsn",
            "x-api-key",
            "x-honeycomb-team",
            "x-insert-key",
            "x-license-key",
        ],
        parameters: &[],
    },
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html, as headers and
    // presigned; Firehose signs in to HTTP endpoints with a key of its own.
    Backend {
        preset: Preset::Aws,
        headers: &[
            "x-amz-content-sha256",
            "x-amz-date",
            "x-amz-firehose-access-key",
            "x-amz-security-token",
        ],
        parameters: &[
            "X-Amz-Credential",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
        ],
    },
];

impl Preset {
    /// The credentials that pass by it.
    pub(crate) fn passes(self) -> Passes {
        let mut passes = Passes::default();
        if self != Self::None {
            passes.headers.push(EVERY_BACKEND.to_owned());
        }
        let own = |backend: &&Backend| self == Self::Auto || backend.preset == self;
        for backend in BACKENDS.iter().filter(own) {
            let owned = |name: &&str| (*name).to_owned();
            // Any application may have a secret under a name that many use.
            let told = |name: &&&str| self == backend.preset || !COMMON.contains(*name);
            passes.headers.extend(backend.headers.iter().map(owned));
            let parameters = backend.parameters.iter().filter(told);
            passes.parameters.extend(parameters.map(owned));
        }
        passes
    }

    /// Whether a DSN in an envelope's header is that of the upstream.
    pub(crate) fn maps_dsn(self) -> bool {
        matches!(self, Self::Auto | Self::Sentry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_passes_what_its_backend_asks_for_and_no_more() {
        assert!(
            Preset::Splunk
                .passes()
                .parameters
                .contains(&"token".to_owned())
        );
        assert!(
            !Preset::Auto
                .passes()
                .parameters
                .contains(&"token".to_owned())
        );
        assert_eq!(
            Preset::Sentry.passes().headers,
            ["authorization", "x-sentry-auth"]
        );
        assert_eq!(
            Preset::Loki.passes().headers,
            ["authorization", "x-scope-orgid"]
        );
        assert!(Preset::Loki.passes().parameters.is_empty());
        let none = Preset::None.passes();
        assert!(none.headers.is_empty() && none.parameters.is_empty());
    }

    #[test]
    fn auto_passes_what_every_preset_passes_but_for_common_names() {
        let auto = Preset::Auto.passes();
        for backend in BACKENDS {
            let own = backend.preset.passes();
            assert!(own.headers.iter().all(|name| auto.headers.contains(name)));
            assert!(
                own.parameters
                    .iter()
                    .all(|name| auto.parameters.contains(name) != COMMON.contains(&name.as_str()))
            );
        }
        assert!(auto.cookies.is_empty());
    }

    #[test]
    fn names_of_headers_are_in_lower_case() {
        for backend in BACKENDS {
            assert!(
                backend
                    .headers
                    .iter()
                    .all(|name| *name == name.to_lowercase())
            );
        }
    }
}
