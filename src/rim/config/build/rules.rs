//! The rules of routes, each distinct set compiled once.

use std::sync::Arc;
use std::time::SystemTime;

use blackbar::{Limits, Redactor, Values};

use super::{Building, blame};
use crate::rim::config::file::schema::{Detect, File};
use crate::rim::config::file::{KeyPath, Wrong};
use crate::rim::config::policy::Rules;
use crate::rim::config::{ConfigError, Detection, FilesRead};

/// Redactors by what they were compiled from. A configuration has a few, so a list does.
#[derive(Default)]
pub(super) struct Compiled(Vec<(Detection, Arc<Redactor>)>);

impl Compiled {
    pub(super) fn of(
        &mut self,
        detection: Detection,
        files: &mut FilesRead,
    ) -> Result<Arc<Redactor>, ConfigError> {
        if let Some((_, redactor)) = self.0.iter().find(|(known, _)| *known == detection) {
            return Ok(redactor.clone());
        }
        let packs = files.packs(&detection.rules)?;
        let redactor = Arc::new(detection.redactor_of(packs)?);
        self.0.push((detection, redactor.clone()));
        Ok(redactor)
    }
}

/// `[detect]` and `[limits]` as the engine takes them at a time.
pub(super) fn detection(file: &File, now: SystemTime) -> Detection {
    let Detect {
        profile,
        packs,
        rules,
        patterns,
        fields,
        allow_fields,
        allow_values,
        only,
        values,
        labels,
        mask,
        disable,
        candidates: _,
    } = file.detect.clone();
    Detection {
        profile,
        rules,
        patterns,
        fields,
        allowed_fields: allow_fields,
        allowed_values: allow_values,
        values: values.unwrap_or_default(),
        enabled: packs,
        disabled: disable
            .into_iter()
            .filter(|disable| disable.until.is_none_or(|day| day.start() > now))
            .map(|disable| disable.id)
            .collect(),
        only,
        labels,
        mask,
        limits: engine_limits(file),
    }
}

fn engine_limits(file: &File) -> Limits {
    Limits {
        reach: file.limits.reach.0,
        max_record: file.limits.max_record.0,
        max_document: file.limits.max_document.0,
    }
}

impl Building<'_> {
    /// Whether `[detect]` itself compiles, which is told once for all routes.
    pub(super) fn check_detect(&mut self) {
        self.detect_holds = true;
        self.detect_holds = self.rules_of_detect().is_some();
    }

    /// The rules of `[detect]` alone. `None` where something is wrong.
    pub(super) fn rules_of_detect(&mut self) -> Option<Rules> {
        let now = self.surroundings.now;
        let values = self.file.detect.values;
        let entries = || blame::of_detect(self.file, now);
        let path = KeyPath::default().key("detect");
        self.rules(detection(self.file, now), values, &entries, &path)
    }

    /// Compiles `detection`; where `values` is not the operator's choice, also as stores
    /// with a mapping need it. One of `entries` may be at fault; what else is wrong with it
    /// stands at `path`. `None` where something is wrong.
    pub(super) fn rules(
        &mut self,
        detection: Detection,
        values: Option<Values>,
        entries: &dyn Fn() -> Vec<blame::Entry>,
        path: &KeyPath,
    ) -> Option<Rules> {
        if !self.detect_holds {
            return None;
        }
        let plain = Detection {
            values: values.unwrap_or_default(),
            ..detection
        };
        let typed = Detection {
            values: values.unwrap_or(Values::Typed),
            ..plain.clone()
        };
        let plain = self.compiled(plain, entries(), path)?;
        Some(Rules::new(plain, self.compiled(typed, entries(), path)?))
    }

    /// The rules that are tried: nothing but these, so that what they find is theirs.
    pub(super) fn candidates(&mut self) -> Result<Option<Arc<Redactor>>, Wrong> {
        let (detect, source) = (&self.file.detect, self.source);
        if detect.candidates.is_empty() {
            return Ok(None);
        }
        let path = KeyPath::default().key("detect").key("candidates");
        let failed = |error: ConfigError| source.wrong(&path, error.to_string());
        let mut builder = Redactor::builder()
            .embedded(false)
            .profile(detect.profile)
            .limits(engine_limits(self.file));
        for pack in self.files.packs(&detect.candidates).map_err(failed)? {
            builder = builder.pack(pack);
        }
        let redactor = builder.build().map_err(|error| failed(error.into()))?;
        Ok(Some(Arc::new(redactor)))
    }
}
