//! The words about a sync: log lines, most of them as POEM 2.3 had them, and the output of `--dry-run`.

use std::collections::BTreeMap;

use super::text::{escaped, quoted};
use super::xml_feed::FeedError;
use crate::domain::model::sync_feed::{Compared, ListChanges, SyncFeed};
use crate::domain::model::sync_status::{SyncAttempt, SyncResult};
use crate::domain::model::tenant::SchemaName;

/// The most names in a log line.
const MOST_NAMES: usize = 20;
/// The longest message that quotes a failure, in characters.
const MESSAGE_LIMIT: usize = 500;

/// Returns a failure in one line of limited length: it may quote the feed.
pub fn limited(message: &str) -> String {
    let escaped = escaped(message);
    match escaped.char_indices().nth(MESSAGE_LIMIT - 1) {
        Some((end, _)) if escaped.chars().nth(MESSAGE_LIMIT).is_some() => format!("{}…", &escaped[..end]),
        _ => escaped,
    }
}

/// The line for a feed that could not be fetched.
pub fn not_fetched(feed: SyncFeed, error: &str) -> String {
    match feed {
        SyncFeed::Vos => format!("VO card - {error}"),
        SyncFeed::ServiceTypes => format!("Error service flavours feed - {error}"),
        SyncFeed::Services => format!("Request - {error}"),
    }
}

/// The line for a feed that could not be read. `address`: where it came from.
pub fn not_read(feed: SyncFeed, address: &str, error: &FeedError) -> String {
    let error_text = limited(&format!("{address}: {error}"));
    match (feed, error) {
        (SyncFeed::Vos, FeedError::Unreadable(_)) => format!("Could not parse VO card - {error_text}"),
        (SyncFeed::Vos, FeedError::Unusable(_)) => {
            format!("Error synchronizing VO due to invalid VO card: {error_text}")
        }
        (SyncFeed::ServiceTypes, _) => format!("Error parsing service flavours - {error_text}"),
        (SyncFeed::Services, FeedError::Unreadable(_)) => format!("Decoding JSON has failed. {error_text}"),
        (SyncFeed::Services, FeedError::Unusable(_)) => format!("Error parsing services - {error_text}"),
    }
}

/// The line for a feed that would remove too much.
pub fn refused(schema: &SchemaName, feed: SyncFeed, changes: &ListChanges, max_percent: u8) -> String {
    let (removed, listed, command) = (changes.removed.len(), changes.listed, feed.command());
    let noun = feed.noun();
    format!(
        "Refused to delete {removed} of {listed} {noun}: more than {max_percent} %. {command} --dry-run -n {schema} \
         shows them, --force deletes them"
    )
}

/// The lines about what was written, each count followed by the names.
pub fn written(feed: SyncFeed, compared: &Compared, attempt: &SyncAttempt) -> Vec<String> {
    let changes = &compared.changes;
    if attempt.result == SyncResult::UpToDate {
        return vec![up_to_date(feed).to_owned()];
    }
    let counts = match feed {
        SyncFeed::Vos => vec![
            (attempt.added, format!("Added {} VO", attempt.added), "Added VO", names(changes.added.keys())),
            (attempt.removed, format!("Deleted {} VO", attempt.removed), "Deleted VO", names(changes.removed.iter())),
        ],
        SyncFeed::ServiceTypes => {
            let count = attempt.added + attempt.changed;
            let all = changes.added.keys().chain(changes.changed.keys());
            let line = format!("Added/updated {count} service flavours");
            vec![(count, line, "Added/updated service flavours", names(all))]
        }
        SyncFeed::Services => vec![
            (attempt.added, format!("Added {} services", attempt.added), "Added services", names(changes.added.keys())),
            (
                attempt.changed,
                format!("Changed {} services", attempt.changed),
                "Changed services",
                names(changes.changed.keys()),
            ),
            (
                attempt.removed,
                format!("Deleted {} services.", attempt.removed),
                "Deleted services",
                names(changes.removed.iter()),
            ),
        ],
    };
    let lines = counts.into_iter().filter(|(count, ..)| *count > 0);
    lines.flat_map(|(_, line, what, names)| [line, format!("{what}: {names}")]).collect()
}

fn up_to_date(feed: SyncFeed) -> &'static str {
    match feed {
        SyncFeed::Vos => "VO database is up to date",
        SyncFeed::ServiceTypes => "Service Flavours database is up to date",
        SyncFeed::Services => "Service database is up to date",
    }
}

/// `a, b and 7 more`: twenty names at most.
pub fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&String> = names.collect();
    let shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| escaped(name)).collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The lines about removed VOs that own profiles.
pub fn orphaned(owners: &[(String, Vec<String>)]) -> impl Iterator<Item = String> {
    owners.iter().map(|(vo, profiles)| {
        format!("VO {} is gone from the feed and still owns profiles {}", escaped(vo), names(profiles.iter()))
    })
}

/// The output of `--dry-run` for one tenant: a line for each entry, and a summary.
pub fn dry_run(feed: SyncFeed, compared: &Compared, max_percent: u8) -> Vec<String> {
    let changes = &compared.changes;
    let owners: BTreeMap<&String, &Vec<String>> = compared.owners.iter().map(|(vo, profiles)| (vo, profiles)).collect();
    let mut lines: BTreeMap<&String, String> = BTreeMap::new();
    lines.extend(changes.added.keys().map(|name| (name, format!("+ {}", escaped(name)))));
    for name in &changes.removed {
        let owned = owners.get(name).map(|profiles| format!(" (owns profiles {})", names(profiles.iter())));
        lines.insert(name, format!("- {}{}", escaped(name), owned.unwrap_or_default()));
    }
    for (name, (old, new)) in &changes.changed {
        let fields = feed.fields().iter().zip(old.iter().zip(new)).filter(|(_, (old, new))| old != new);
        let fields = fields.map(|(field, (old, new))| format!("{field} {} → {}", quoted(old, 1024), quoted(new, 1024)));
        lines.insert(name, format!("~ {}: {}", escaped(name), fields.collect::<Vec<_>>().join(", ")));
    }
    let mut lines: Vec<String> = lines.into_values().collect();
    if changes.only_listed > 0 {
        let (count, used) = (changes.only_listed, compared.only_listed_used);
        lines.push(format!("{count} listed are not in the feed and stay; profiles use {used} of them"));
    }
    lines.push(match changes.is_empty() {
        true => "up to date".to_owned(),
        false => {
            let (added, changed, removed) = (changes.added.len(), changes.changed.len(), changes.removed.len());
            let refused = if compared.is_refused {
                format!(": would be refused (more than {max_percent} %)")
            } else {
                String::new()
            };
            format!("{added} to add, {changed} to change, {removed} to remove of {}{refused}", changes.listed)
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(names: &[&str]) -> BTreeMap<String, Vec<String>> {
        names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect()
    }

    fn attempt(feed: SyncFeed, [added, changed, removed]: [usize; 3]) -> SyncAttempt {
        SyncAttempt {
            list: feed.into(),
            result: SyncResult::Changed,
            message: String::new(),
            added,
            changed,
            removed,
            left_out: 0,
            in_feed: 0,
            listed: 0,
            seconds: 0.0,
            host: String::new(),
        }
    }

    #[test]
    fn the_words_are_those_of_2_3() {
        let change = (vec!["a\nb".to_owned()], vec!["c".to_owned()]);
        let compared = Compared {
            changes: ListChanges {
                added: entries(&["one", "two"]),
                changed: [("three".to_owned(), change)].into(),
                removed: ["x\u{202E}".to_owned()].into(),
                listed: 230,
                ..ListChanges::default()
            },
            ..Compared::default()
        };
        let lines = |feed, counts| written(feed, &compared, &attempt(feed, counts));
        assert_eq!(
            lines(SyncFeed::Vos, [2, 0, 1]),
            ["Added 2 VO", "Added VO: one, two", "Deleted 1 VO", "Deleted VO: x\\u{202e}"]
        );
        assert_eq!(
            lines(SyncFeed::ServiceTypes, [2, 1, 0]),
            ["Added/updated 3 service flavours", "Added/updated service flavours: one, two, three"]
        );
        assert_eq!(lines(SyncFeed::Services, [0, 0, 1]), ["Deleted 1 services.", "Deleted services: x\\u{202e}"]);
        let equal = SyncAttempt { result: SyncResult::UpToDate, ..attempt(SyncFeed::ServiceTypes, [0; 3]) };
        assert_eq!(written(SyncFeed::ServiceTypes, &compared, &equal), ["Service Flavours database is up to date"]);
        assert_eq!(
            dry_run(SyncFeed::ServiceTypes, &compared, 20),
            [
                "+ one",
                "~ three: description \"a\\nb\" → \"c\"",
                "+ two",
                "- x\\u{202e}",
                "2 to add, 1 to change, 1 to remove of 230"
            ]
        );
    }

    #[test]
    fn a_refusal_says_how_to_go_on() {
        let removed = (0..40).map(|number| number.to_string()).collect();
        let changes = ListChanges { removed, listed: 230, ..ListChanges::default() };
        let schema = SchemaName::parse("egi").unwrap();
        assert_eq!(
            refused(&schema, SyncFeed::Vos, &changes, 20),
            "Refused to delete 40 of 230 VO: more than 20 %. poem-syncvo --dry-run -n egi shows them, --force deletes them"
        );
        let owners = vec![("7".to_owned(), vec!["A".to_owned(), "B".to_owned()])];
        let compared = Compared { changes, is_refused: true, owners: owners.clone(), only_listed_used: 0 };
        let lines = dry_run(SyncFeed::Vos, &compared, 20);
        assert!(lines.contains(&"- 7 (owns profiles A, B)".to_owned()), "{lines:?}");
        assert_eq!(
            lines.last().unwrap(),
            "0 to add, 0 to change, 40 to remove of 230: would be refused (more than 20 %)"
        );
        let gone = "VO 7 is gone from the feed and still owns profiles A, B";
        assert_eq!(orphaned(&owners).collect::<Vec<_>>(), [gone]);
    }

    #[test]
    fn a_message_is_one_short_line() {
        assert_eq!(limited("a\nb"), "a\\nb");
        assert_eq!(limited(&"é".repeat(500)), "é".repeat(500));
        assert_eq!(limited(&"é".repeat(501)), format!("{}…", "é".repeat(499)));
    }
}
