//! `[GENERAL]`: what holds for the whole program.

use chrono_tz::Tz;

use super::error::{ConfigError, ConfigProblem};
use super::settings::MergedSettings;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct General {
    /// Whether the log says more than usual. Never shown to users.
    pub debug: bool,
    /// How times are shown, in pages and in the log.
    pub timezone: Tz,
}

impl General {
    pub(super) fn read(settings: &MergedSettings) -> Result<Self, ConfigError> {
        let section = settings.required("GENERAL")?;
        let debug = section.flag("Debug")?.ok_or_else(|| section.error("Debug", ConfigProblem::Missing))?;
        let name = section.filled("TimeZone")?;
        let unknown = |_| section.error("TimeZone", ConfigProblem::Not("a time zone such as Europe/Zagreb"));
        Ok(Self { debug, timezone: name.parse().map_err(unknown)? })
    }
}
