//! `[GENERAL]`: settings of the whole program.

use chrono_tz::Tz;

use super::error::{ConfigError, ConfigProblem};
use super::settings::MergedSettings;

/// The values of `[GENERAL]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct General {
    /// True if POEM logs at level debug. Never shown to users.
    pub debug: bool,
    /// The time zone of all times in pages and in the log.
    pub timezone: Tz,
}

impl General {
    /// Reads the section, which is required.
    pub(super) fn read(settings: &MergedSettings) -> Result<Self, ConfigError> {
        let section = settings.required("GENERAL")?;
        let debug = section.flag("Debug")?.ok_or_else(|| section.error("Debug", ConfigProblem::Missing))?;
        let name = section.filled("TimeZone")?;
        let unknown = |_| section.error("TimeZone", ConfigProblem::Not("a time zone such as Europe/Zagreb"));
        Ok(Self { debug, timezone: name.parse().map_err(unknown)? })
    }
}
