//! The secrets of requests, which libraries would log: tokens, cookies and session ids in headers and query strings.

use log::{Level, Metadata, Record};

/// The libraries that handle requests. Below level info they log headers.
const HTTP_LIBRARIES: [&str; 6] = ["rocket", "hyper", "h2", "reqwest", "multer", "tower"];

/// Returns whether such an event may contain headers.
pub fn may_be_in(metadata: &Metadata) -> bool {
    let handles_requests = || HTTP_LIBRARIES.iter().any(|library| metadata.target().starts_with(library));
    metadata.level() > Level::Info && handles_requests()
}

/// Logs the record without the query strings in it: some clients send their token there.
pub fn without_queries(record: &Record, log: impl Fn(&Record)) {
    let message = record.args().to_string();
    match message.contains('?') {
        false => log(record),
        true => log(&Record::builder()
            .metadata(record.metadata().clone())
            .module_path(record.module_path())
            .args(format_args!("{}", cut(&message)))
            .build()),
    }
}

/// The text, with what follows a `?` in a word left out.
fn cut(message: &str) -> String {
    let word = |word: &'_ str| match word.split_once('?') {
        Some((before, query)) if !query.trim_end().is_empty() => {
            format!("{before}?…{}", &query[query.trim_end().len()..])
        }
        _ => word.to_owned(),
    };
    message.split_inclusive(char::is_whitespace).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_is_left_out() {
        for (message, logged) in [
            ("No matching routes for GET /x?token=a&b=? text/html.", "No matching routes for GET /x?… text/html."),
            ("GET /x?token=a", "GET /x?…"),
            ("really? yes\n?a b", "really? yes\n?… b"),
            ("/ä?ä", "/ä?…"),
        ] {
            assert_eq!(cut(message), logged);
        }
    }

    #[test]
    fn libraries_that_handle_requests_log_no_headers() {
        let event = |target, level| may_be_in(&Metadata::builder().target(target).level(level).build());
        for target in ["rocket", "rocket::server::_", "hyper::proto", "reqwest::connect"] {
            assert!(
                event(target, Level::Debug) && event(target, Level::Trace) && !event(target, Level::Info),
                "{target}"
            );
        }
        assert!(!event("poem::http", Level::Debug) && !event("sqlx::query", Level::Debug));
    }
}
