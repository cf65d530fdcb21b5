//! The times of a dump: POEM 2.3 stored local times of the configured zone, without an offset.

use chrono::{DateTime, Datelike, Duration, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// The time searched back for the offset before a gap. No zone has ever skipped more than a day.
const LONGEST_GAP_HOURS: i64 = 48;

/// Reads `2026-11-22T13:34:04.531` as a local time of the zone, and a time with an offset or `Z` as that time. Precise
/// to the microsecond, as PostgreSQL stores it. `None` if it is not a time in the years 1 to 9999.
pub(super) fn read(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let time = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.with_timezone(&Utc),
        Err(_) => from_local(text.parse().ok()?, zone)?,
    };
    let time = DateTime::from_timestamp_micros(time.timestamp_micros())?;
    (1..=9999).contains(&time.year()).then_some(time)
}

/// Converts a local time. In a repeated hour it is the first one; a time in a skipped hour moves behind the gap.
fn from_local(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    if let Some(time) = zone.from_local_datetime(&local).earliest() {
        return Some(time.with_timezone(&Utc));
    }
    let before = (1..=LONGEST_GAP_HOURS).find_map(|hours| {
        let earlier = local.checked_sub_signed(Duration::hours(hours))?;
        zone.from_local_datetime(&earlier).latest()
    })?;
    local.checked_sub_offset(before.offset().fix()).map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> String {
        read(text, chrono_tz::Europe::Zagreb).map(|time| time.to_rfc3339()).unwrap_or_default()
    }

    #[test]
    fn times_are_local() {
        assert_eq!(utc("2026-11-22T13:34:04.531"), "2026-11-22T12:34:04.531+00:00");
        assert_eq!(utc("2026-07-01T00:00:00"), "2026-06-30T22:00:00+00:00");
    }

    #[test]
    fn a_time_in_the_repeated_hour_is_the_first() {
        assert_eq!(utc("2026-10-25T02:30:00"), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn a_time_in_the_gap_is_shifted_forward() {
        assert_eq!(utc("2026-03-29T02:30:00"), "2026-03-29T01:30:00+00:00");
        let apia = read("2011-12-30T12:00:00", chrono_tz::Pacific::Apia).unwrap();
        assert_eq!(apia.to_rfc3339(), "2011-12-30T22:00:00+00:00");
    }

    #[test]
    fn an_offset_counts() {
        assert_eq!(utc("2026-11-22T13:34:04Z"), "2026-11-22T13:34:04+00:00");
        assert_eq!(utc("2026-11-22T13:34:04.1234567+05:30"), "2026-11-22T08:04:04.123456+00:00");
    }

    #[test]
    fn a_time_that_cannot_be_stored_is_refused() {
        for text in ["", "yesterday", "2026-02-30T00:00:00", "+262000-01-01T00:00:00", "0000-01-01T00:00:00"] {
            assert_eq!(utc(text), "", "{text}");
        }
        assert_eq!(utc("2026-01-01T00:59:60"), "2026-01-01T00:00:00+00:00", "a leap second is the next second");
    }
}
