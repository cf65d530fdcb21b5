//! Rules for metrics by type: what an active and a passive metric must have.

use super::metric::{MetricContent, Section, Setting};
use super::metric_fields::{FIXED_KEYS, VALUE};
use crate::domain::form::validation_error::{Place, ValidationErrors, words};

/// The type of metrics that run a probe.
pub const ACTIVE: &str = "Active";

/// The type of metrics whose results come from their parent metric.
pub const PASSIVE: &str = "Passive";

/// The key of section flags that every passive metric has.
pub const PASSIVE_KEY: &str = "PASSIVE";

impl MetricContent {
    /// Adds an error for everything that the type requires and that is missing.
    ///
    /// What is as in `before` is not judged again: loaded metrics can lack it. Rows are counted as in
    /// [`super::metric::Settings`].
    pub fn check_type(&self, before: Option<&Self>, errors: &mut ValidationErrors) {
        let stays = |section| {
            let is_same = |before: &Self| before.settings.of(section) == self.settings.of(section);
            before.is_some_and(|before| before.metric_type == self.metric_type && is_same(before))
        };
        match self.metric_type.as_str() {
            ACTIVE if !stays(Section::Config) => self.check_active(errors),
            PASSIVE if !stays(Section::Flags) => self.check_passive(errors),
            _ => {}
        }
    }

    /// Checks that section config has every fixed key, with a value.
    fn check_active(&self, errors: &mut ValidationErrors) {
        let config = self.settings.of(Section::Config);
        let field = Section::Config.as_str();
        let missing: Vec<&str> =
            FIXED_KEYS.into_iter().filter(|key| !config.iter().any(|setting| setting.key() == *key)).collect();
        if !missing.is_empty() {
            errors.add(Place::Field(field), format!("Missing fields {}", missing.join(", ")));
        }
        let empty = config.iter().enumerate().filter(|(_, setting)| is_fixed(setting) && setting.value().is_empty());
        let empty: Vec<(usize, &str)> = empty.map(|(row, setting)| (row, setting.key())).collect();
        if !empty.is_empty() {
            let keys: Vec<&str> = empty.iter().map(|(_, key)| *key).collect();
            errors.add(Place::Field(field), format!("Missing values for fields {}", keys.join(", ")));
        }
        for (row, _) in empty {
            errors.add(Place::Cell { field, row, column: VALUE }, words::REQUIRED);
        }
    }

    /// Checks that section flags has the key [`PASSIVE_KEY`], case-insensitively, with the value 1 or true.
    fn check_passive(&self, errors: &mut ValidationErrors) {
        let flags = self.settings.of(Section::Flags);
        let is_set = |setting: &Setting| setting.value() == "1" || setting.value().eq_ignore_ascii_case("true");
        let mut found = flags.iter().filter(|setting| setting.key().eq_ignore_ascii_case(PASSIVE_KEY)).peekable();
        if found.peek().is_none() {
            errors.add(Place::Field(Section::Flags.as_str()), "Missing PASSIVE key");
        } else if !found.all(is_set) {
            errors.add(Place::Field(Section::Flags.as_str()), "PASSIVE key should be set to 1");
        }
    }

    /// Removes what the type does not use: a passive metric has no executable, and no settings except flags.
    pub fn without_unused_settings(mut self) -> Self {
        if self.metric_type == PASSIVE {
            self.executable.clear();
            for section in Section::ALL.into_iter().filter(|section| *section != Section::Flags) {
                self.settings.set(section, Vec::new());
            }
        }
        self
    }

    /// Restores the previous order of section config if the form changed nothing but the order.
    ///
    /// Forms show the fixed keys first, so saving one without a change would otherwise reorder the section.
    pub fn in_order_of(mut self, before: &Self) -> Self {
        let config = before.settings.of(Section::Config);
        if self.settings.of(Section::Config) == fixed_first(config) {
            self.settings.set(Section::Config, config.to_vec());
        }
        self
    }
}

fn is_fixed(setting: &Setting) -> bool {
    FIXED_KEYS.contains(&setting.key())
}

/// Returns the settings as a form shows them: the first one of each fixed key, then the others.
fn fixed_first(config: &[Setting]) -> Vec<Setting> {
    let mut others = config.to_vec();
    let mut ordered = Vec::with_capacity(others.len());
    for key in FIXED_KEYS {
        if let Some(index) = others.iter().position(|setting| setting.key() == key) {
            ordered.push(others.remove(index));
        }
    }
    ordered.append(&mut others);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::form::submitted::Draft;
    use crate::domain::model::metric_fields::FIELDS;

    fn metric(metric_type: &str, settings: &[(Section, &str, &str)]) -> MetricContent {
        let mut content = MetricContent { metric_type: metric_type.into(), ..MetricContent::default() };
        for (section, key, value) in settings {
            content.settings.push(*section, *key, *value);
        }
        content
    }

    fn errors_of(content: &MetricContent) -> ValidationErrors {
        let mut errors = ValidationErrors::default();
        content.check_type(None, &mut errors);
        errors
    }

    fn full() -> Vec<(Section, &'static str, &'static str)> {
        FIXED_KEYS.iter().map(|key| (Section::Config, *key, "1")).collect()
    }

    #[test]
    fn an_active_metric_has_every_fixed_key() {
        assert!(errors_of(&metric(ACTIVE, &full())).is_empty());
        let some = [
            (Section::Config, "other", ""),
            (Section::Config, "maxCheckAttempts", "3"),
            (Section::Config, "timeout", ""),
            (Section::Config, "retryInterval", ""),
        ];
        let errors = errors_of(&metric(ACTIVE, &some));
        let messages = ["Missing fields interval, path", "Missing values for fields timeout, retryInterval"];
        assert_eq!(errors.of(Place::Field("config")), messages);
        for row in [2, 3] {
            assert_eq!(errors.of(Place::Cell { field: "config", row, column: "value" }), [words::REQUIRED]);
        }
        assert_eq!(errors.errors.len(), 4);
        let none = errors_of(&metric(ACTIVE, &[]));
        let all = "Missing fields interval, maxCheckAttempts, path, retryInterval, timeout";
        assert_eq!((none.of(Place::Field("config")), none.errors.len()), (vec![all], 1));
        assert!(errors_of(&metric("Other", &[])).is_empty());
    }

    #[test]
    fn what_a_loaded_metric_lacks_is_demanded_only_of_changes() {
        for (metric_type, section) in [(ACTIVE, Section::Config), (PASSIVE, Section::Flags)] {
            let before = metric(metric_type, &[(section, "other", "1")]);
            let errors = |after: &MetricContent| {
                let mut errors = ValidationErrors::default();
                after.check_type(Some(&before), &mut errors);
                errors.errors.len()
            };
            assert_eq!(errors(&MetricContent { executable: "x".into(), ..before.clone() }), 0);
            assert_eq!(errors(&metric(metric_type, &[(section, "other", "2")])), 1);
        }
    }

    #[test]
    fn a_passive_metric_has_the_flag_passive() {
        let passive = |settings: &[(Section, &str, &str)]| {
            let errors = errors_of(&metric(PASSIVE, settings));
            errors.of(Place::Field("flags")).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let flag = Section::Flags;
        assert_eq!(passive(&[(flag, "OBSESS", "1"), (Section::Config, "PASSIVE", "1")]), ["Missing PASSIVE key"]);
        for good in [(flag, "PASSIVE", "1"), (flag, "passive", "True"), (flag, "Passive", "TRUE")] {
            assert!(passive(&[good]).is_empty(), "{good:?}");
        }
        for bad in ["", "0", "False", "11"] {
            assert_eq!(passive(&[(flag, "passive", bad)]), ["PASSIVE key should be set to 1"]);
        }
        assert_eq!(passive(&[(flag, "PASSIVE", "1"), (flag, "passive", "0")]).len(), 1);
    }

    #[test]
    fn a_passive_metric_keeps_flags_and_parent() {
        let settings = Section::ALL.map(|section| (section, "PASSIVE", "1"));
        let named = |metric_type| MetricContent {
            executable: "x".into(),
            parent: "p".into(),
            ..metric(metric_type, &settings)
        };
        let kept = named(PASSIVE).without_unused_settings();
        let flags = metric(PASSIVE, &[(Section::Flags, "PASSIVE", "1")]);
        assert_eq!(kept, MetricContent { parent: "p".into(), ..flags });
        assert_eq!(named(ACTIVE).without_unused_settings(), named(ACTIVE));
    }

    #[test]
    fn the_order_of_a_form_is_no_change() {
        let mut settings = full();
        settings.reverse();
        settings.insert(2, (Section::Config, "other", "2"));
        settings.push((Section::Config, "path", "again"));
        let before = metric(ACTIVE, &settings);
        let draft = Draft::of(&FIELDS, &before);
        let mut shown = before.clone();
        let rows = draft.rows("config").iter().map(|row| Setting(row[0].clone(), row[1].clone())).collect();
        shown.settings.set(Section::Config, rows);
        assert_ne!(shown, before);
        assert_eq!(shown.clone().in_order_of(&before), before);
        let mut changed = shown.clone();
        changed.settings.push(Section::Config, "more", "1");
        assert_eq!(changed.clone().in_order_of(&before), changed);
    }
}
