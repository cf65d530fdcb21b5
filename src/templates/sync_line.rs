//! The state of a list that is filled from outside, in words, for the index and the page of services.

use chrono::{DateTime, Utc};
use rocket_dyn_templates::tera;
use serde::Serialize;

use super::html::Html;
use crate::domain::model::sync_status::{SyncResult, SyncStatus, ago, duration_words};
use crate::domain::model::synced_list::SyncedList;

/// The place in a cached page where the line about the last sync is put.
pub const MARKER: &str = "<!-- last sync -->";

/// The state of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncLine {
    /// The list that the feed fills: `VOs`.
    pub label: String,
    /// The state: `up to date, 231 entries`.
    pub text: String,
    /// The time of the state, relative to now: `35 minutes ago`; '' if the feed was never fetched.
    pub ago: String,
    /// The same time in full, for a tooltip.
    pub time: String,
    /// The same time for machines (ISO 8601).
    pub iso: String,
    /// The reason of a failure; '' if there is none.
    pub problem: String,
    /// True if somebody should look at it.
    pub needs_attention: bool,
}

impl SyncLine {
    /// Describes the state of a feed. `time`: formats a time for people and for machines.
    pub fn new(
        list: SyncedList,
        status: Option<&SyncStatus>,
        now: DateTime<Utc>,
        time: impl Fn(DateTime<Utc>) -> (String, String),
    ) -> Self {
        let line = Self { label: list.label().to_owned(), ..Self::default() };
        let Some(status) = status else { return Self { text: "never fetched".to_owned(), ..line } };
        let (shown, iso) = time(status.last_attempt);
        let line = Self {
            ago: ago(status.last_attempt, now),
            time: shown,
            iso,
            needs_attention: status.needs_attention(now),
            problem: status.message.clone(),
            ..line
        };
        Self { text: text(status, now, |moment| time(moment).0), ..line }
    }
}

fn text(status: &SyncStatus, now: DateTime<Utc>, time: impl Fn(DateTime<Utc>) -> String) -> String {
    match status.result {
        SyncResult::NotConfigured => match status.list {
            SyncedList::Feed(_) => "no feed is configured".to_owned(),
            SyncedList::AggregationProfiles => "not in use".to_owned(),
        },
        SyncResult::Changed | SyncResult::UpToDate => {
            let entries = if status.in_feed == 1 { "entry" } else { "entries" };
            let left_out = match status.left_out {
                0 => String::new(),
                count => format!(", {count} left out"),
            };
            let place = match status.list {
                SyncedList::Feed(_) => "in the feed",
                SyncedList::AggregationProfiles => "on the ARGO WEB-API",
            };
            format!("{}, {} {entries} {place}{left_out}", status.result.text(), status.in_feed)
        }
        SyncResult::Refused | SyncResult::Failed => {
            let since = status.failing_since.and_then(|since| duration_words(now - since));
            let since = since.map_or_else(|| "for less than a minute".to_owned(), |words| format!("for {words}"));
            let verb = if status.result == SyncResult::Refused { "refused" } else { "failing" };
            match status.last_success {
                Some(success) => format!("{verb} {since}, last success {}", time(success)),
                None => format!("{verb} {since}, never succeeded"),
            }
        }
    }
}

/// Puts the line about the services into a page that may come from the cache. Without a state the line is left out.
pub fn with_last_sync(html: Html, line: Option<&SyncLine>) -> Html {
    let line = line.map(|line| {
        let escape = tera::escape_html;
        let class = if line.needs_attention { "last-sync warning" } else { "last-sync quiet" };
        format!(
            "<p class=\"{class}\">Service catalogue: {}. Fetched <time datetime=\"{}\" title=\"{}\">{}</time>.</p>",
            escape(&line.text),
            escape(&line.iso),
            escape(&line.time),
            escape(&line.ago)
        )
    });
    html.replacing(MARKER, line.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::domain::model::sync_feed::SyncFeed;

    fn line(result: SyncResult, failing_minutes: Option<i64>, left_out: i64) -> SyncLine {
        let now = DateTime::UNIX_EPOCH + Duration::days(1000);
        let status = SyncStatus {
            list: SyncFeed::Vos.into(),
            last_attempt: now - Duration::minutes(35),
            last_success: Some(now - Duration::hours(5)),
            failing_since: failing_minutes.map(|minutes| now - Duration::minutes(minutes)),
            result,
            message: "words".to_owned(),
            listed: 231,
            in_feed: 231,
            left_out,
            host: String::new(),
        };
        SyncLine::new(SyncFeed::Vos.into(), Some(&status), now, |time| {
            (time.format("%H:%M").to_string(), time.to_rfc3339())
        })
    }

    #[test]
    fn the_state_is_described() {
        for (line, text) in [
            (line(SyncResult::UpToDate, None, 0), "up to date, 231 entries in the feed"),
            (line(SyncResult::Changed, None, 2), "changed, 231 entries in the feed, 2 left out"),
            (line(SyncResult::Failed, Some(300), 0), "failing for 5 hours, last success 19:00"),
            (line(SyncResult::Refused, Some(0), 0), "refused for less than a minute, last success 19:00"),
            (line(SyncResult::NotConfigured, None, 0), "no feed is configured"),
        ] {
            assert_eq!((line.text.as_str(), line.ago.as_str()), (text, "35 minutes ago"));
        }
        let never = SyncLine::new(SyncFeed::Vos.into(), None, DateTime::UNIX_EPOCH, |_| Default::default());
        assert_eq!((never.text.as_str(), never.needs_attention), ("never fetched", false));
    }
}
