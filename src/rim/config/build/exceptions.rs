//! What a route adds to `[detect]` and what it takes away, with reasons and days.

use std::time::SystemTime;

use blackbar::Profile;

use super::Building;
use crate::rim::config::Detection;
use crate::rim::config::file::schema::{Mode, Relax, Strengthen};
use crate::rim::config::file::value::Day;
use crate::rim::config::file::{KeyPath, Wrong};

impl Building<'_> {
    /// Every rule that is switched off has a reason; from its day on it runs again.
    pub(super) fn check_exceptions(&mut self) {
        let path = KeyPath::default().key("detect").key("disable");
        for (index, disable) in self.file.detect.disable.iter().enumerate() {
            let path = path.index(index);
            self.keep(self.check_reason(&disable.reason, &path));
            if let Some(day) = disable.until {
                self.holds(day, &path);
            }
        }
    }

    /// Whether an exception still holds.
    fn holds(&mut self, until: Day, path: &KeyPath) -> bool {
        if until.start() <= self.surroundings.now {
            let what = format!(
                "since {until} this exception no longer holds; remove it, or give it another day"
            );
            self.warn(&path.key("until"), what);
            return false;
        }
        self.ends(until);
        true
    }

    /// From this day on the same file makes something else.
    pub(super) fn ends(&mut self, day: Day) {
        let day = day.start();
        self.expires = Some(self.expires.map_or(day, |other| other.min(day)));
    }

    fn check_reason(&self, reason: &str, path: &KeyPath) -> Result<(), Wrong> {
        if reason.trim().is_empty() {
            let what = "say why, for whoever reads this next";
            return Err(self.wrong(&path.key("reason"), what));
        }
        Ok(())
    }

    /// Adds what the `detect` of a route or a listener says. Nothing of it masks less.
    pub(super) fn strengthen(
        &self,
        detection: &mut Detection,
        more: &Strengthen,
        path: &KeyPath,
    ) -> Result<(), Wrong> {
        if let Some(profile) = more.profile {
            let is_stronger = profile == Profile::Strict && detection.profile == Profile::Standard;
            if !is_stronger && profile != detection.profile {
                let what = "a route or a listener may only strengthen what is masked, to strict from standard; \
                            another profile is an exception: write it into `relax`, with a reason";
                return Err(self.wrong(&path.key("detect").key("profile"), what));
            }
            detection.profile = profile;
        }
        detection.enabled.extend(more.packs.iter().cloned());
        detection.rules.extend(more.rules.iter().cloned());
        detection.patterns.extend(more.patterns.iter().cloned());
        detection.fields.extend(more.fields.iter().cloned());
        Ok(())
    }

    /// Applies the exceptions whose day has not come.
    pub(super) fn relax(
        &mut self,
        detection: &mut Detection,
        exceptions: &[Relax],
        path: &KeyPath,
    ) -> Result<(), Wrong> {
        for (index, relax) in exceptions.iter().enumerate() {
            let path = path.key("relax").index(index);
            self.check_reason(&relax.reason, &path)?;
            self.check_one(relax, &path)?;
            if !self.holds(relax.until, &path) {
                continue;
            }
            detection.disabled.extend(relax.disable.clone());
            detection.allowed_fields.extend(relax.allow_field.clone());
            detection.allowed_values.extend(relax.allow_value.clone());
            detection.profile = relax.profile.unwrap_or(detection.profile);
        }
        Ok(())
    }

    fn check_one(&self, relax: &Relax, path: &KeyPath) -> Result<(), Wrong> {
        let given = [
            relax.disable.is_some(),
            relax.allow_field.is_some(),
            relax.allow_value.is_some(),
            relax.profile.is_some(),
        ];
        if given.iter().filter(|given| **given).count() == 1 {
            return Ok(());
        }
        let what = "write exactly one of disable, allow_field, allow_value and profile, so that \
                    each exception has a reason of its own";
        Err(self.wrong(path, what))
    }

    /// Until when originals go on, if that day has not come.
    pub(super) fn observe_until(
        &mut self,
        mode: Mode,
        until: Option<Day>,
        path: &KeyPath,
    ) -> Result<Option<SystemTime>, Wrong> {
        match (mode, until) {
            (Mode::Enforce, None) => Ok(None),
            (Mode::Enforce, Some(_)) => {
                let what = "it belongs to mode = \"observe\"; remove it";
                Err(self.wrong(&path.key("until"), what))
            }
            (Mode::Observe, None) => {
                let what = "observing lets secrets pass, so it needs an end: write until = \
                            2027-01-31, the day from which on this route masks";
                Err(self.wrong(&path.key("mode"), what))
            }
            (Mode::Observe, Some(day)) if day.start() <= self.surroundings.now => {
                let what = format!("since {day} this route no longer observes, it masks");
                self.warn(&path.key("until"), what);
                Ok(None)
            }
            (Mode::Observe, Some(day)) => {
                let what =
                    format!("until {day} this route passes originals on, with their secrets");
                self.warn(&path.key("mode"), what);
                self.ends(day);
                Ok(Some(day.start()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
