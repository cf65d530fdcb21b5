//! How long a login lasts.

use chrono::TimeDelta;

/// A session ends when one of them is over. (The browser forgets it earlier, when it is closed.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without any request.
    pub idle: TimeDelta,
    /// From the login on, whatever is asked meanwhile.
    pub absolute: TimeDelta,
}

impl SessionLimits {
    /// How long a session that has just begun lasts if nothing more is asked.
    pub fn at_first(&self) -> TimeDelta {
        self.idle.min(self.absolute)
    }
}

impl Default for SessionLimits {
    /// A working day; a week.
    fn default() -> Self {
        Self { idle: TimeDelta::hours(12), absolute: TimeDelta::days(7) }
    }
}
