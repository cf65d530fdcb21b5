//! The state of a list that is filled from outside: when it was last compared, and what came of it.

use chrono::{DateTime, Utc};

use super::synced_list::SyncedList;

/// The result of an attempt. The texts are stored, so they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncResult {
    /// The list was changed.
    Changed,
    /// The list was equal to the feed.
    UpToDate,
    /// The feed would have removed too much; nothing was changed.
    Refused,
    /// The feed could not be fetched, read or stored; nothing was changed.
    Failed,
    /// The tenant has no such feed, or no access to the WEB-API.
    NotConfigured,
}

impl SyncResult {
    const ALL: [Self; 5] = [Self::Changed, Self::UpToDate, Self::Refused, Self::Failed, Self::NotConfigured];

    /// The text in the database and on pages: `up to date`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::UpToDate => "up to date",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NotConfigured => "not configured",
        }
    }

    /// The result with this text; `None` for another text.
    pub fn of_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.text() == text)
    }

    /// Returns true if the list is as its feed.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Changed | Self::UpToDate)
    }

    /// Returns true if the list could not follow its feed.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Refused | Self::Failed)
    }
}

/// The outcome of one attempt, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncAttempt {
    /// The list.
    pub list: SyncedList,
    /// The result.
    pub result: SyncResult,
    /// The reason of a failure or refusal, else ''; one line, without secrets, at most 500 characters.
    pub message: String,
    /// The entries that were added.
    pub added: usize,
    /// The entries that were changed.
    pub changed: usize,
    /// The entries that were removed.
    pub removed: usize,
    /// The entries of the feed that were left out.
    pub left_out: usize,
    /// The entries of the feed; 0 if it could not be read.
    pub in_feed: usize,
    /// The entries of the list afterwards.
    pub listed: usize,
    /// The duration of the attempt in seconds.
    pub seconds: f64,
    /// The name of the machine that made it.
    pub host: String,
}

impl SyncAttempt {
    /// Returns an attempt without any numbers.
    pub fn new(list: SyncedList, result: SyncResult, message: impl Into<String>, host: impl Into<String>) -> Self {
        Self {
            list,
            result,
            message: message.into(),
            added: 0,
            changed: 0,
            removed: 0,
            left_out: 0,
            in_feed: 0,
            listed: 0,
            seconds: 0.0,
            host: host.into(),
        }
    }
}

/// The state of a list of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncStatus {
    /// The list.
    pub list: SyncedList,
    /// The time of the last attempt.
    pub last_attempt: DateTime<Utc>,
    /// The time of the last success; `None` if there was none.
    pub last_success: Option<DateTime<Utc>>,
    /// The time of the first failure since the last success; `None` if the last attempt succeeded.
    pub failing_since: Option<DateTime<Utc>>,
    /// The result of the last attempt.
    pub result: SyncResult,
    /// The reason of a failure or refusal, else ''.
    pub message: String,
    /// The entries that the list had after the last attempt.
    pub listed: i64,
    /// The entries of the feed at the last attempt; 0 if it could not be read.
    pub in_feed: i64,
    /// The entries of the feed that were left out at the last attempt.
    pub left_out: i64,
    /// The name of the machine that made the last attempt.
    pub host: String,
}

/// The hours after which a feed without a success is overdue: cron fetches it every hour.
pub const OVERDUE_HOURS: i64 = 3;

impl SyncStatus {
    /// Returns true if the list fails to follow its feed, or has not been compared with it for three hours.
    pub fn needs_attention(&self, now: DateTime<Utc>) -> bool {
        let is_overdue = self.last_success.is_none_or(|success| now - success > chrono::Duration::hours(OVERDUE_HOURS));
        self.result != SyncResult::NotConfigured && (self.result.is_failure() || is_overdue)
    }
}

/// Returns a time relative to now: `just now`, `35 minutes ago`, `5 hours ago`, `3 days ago`.
pub fn ago(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match duration_words(now - time) {
        None => "just now".to_owned(),
        Some(words) => format!("{words} ago"),
    }
}

/// Returns a duration in its largest unit: `35 minutes`; `None` below a minute.
pub fn duration_words(duration: chrono::Duration) -> Option<String> {
    let units = [(duration.num_days(), "day"), (duration.num_hours(), "hour"), (duration.num_minutes(), "minute")];
    let (count, unit) = units.into_iter().find(|(count, _)| *count > 0)?;
    Some(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::domain::model::sync_feed::SyncFeed;

    #[test]
    fn times_are_relative_to_now() {
        let now = DateTime::UNIX_EPOCH + Duration::days(1000);
        for (passed, words) in [
            (Duration::seconds(-5), "just now"),
            (Duration::seconds(59), "just now"),
            (Duration::minutes(1), "1 minute ago"),
            (Duration::minutes(59), "59 minutes ago"),
            (Duration::minutes(125), "2 hours ago"),
            (Duration::hours(49), "2 days ago"),
        ] {
            assert_eq!(ago(now - passed, now), words);
        }
    }

    #[test]
    fn a_result_is_found_by_its_text() {
        for result in SyncResult::ALL {
            assert_eq!(SyncResult::of_text(result.text()), Some(result));
        }
    }

    #[test]
    fn failures_and_three_hours_need_attention() {
        let now = DateTime::UNIX_EPOCH + Duration::days(1000);
        let status = |result, hours: Option<i64>| SyncStatus {
            list: SyncFeed::Vos.into(),
            last_attempt: now,
            last_success: hours.map(|hours| now - Duration::hours(hours)),
            failing_since: None,
            result,
            message: String::new(),
            listed: 1,
            in_feed: 1,
            left_out: 0,
            host: String::new(),
        };
        for (result, hours, attention) in [
            (SyncResult::UpToDate, Some(1), false),
            (SyncResult::UpToDate, Some(4), true),
            (SyncResult::Failed, Some(1), true),
            (SyncResult::Refused, Some(1), true),
            (SyncResult::NotConfigured, None, false),
        ] {
            assert_eq!(status(result, hours).needs_attention(now), attention, "{result:?} {hours:?}");
        }
    }
}
