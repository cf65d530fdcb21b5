//! The sessions of a user.

use serde::Serialize;

use super::page::Content;

/// The field that names the session to end: its id, or [`ALL_OTHERS`].
pub const END: &str = "end";
/// The value of [`END`] for all sessions but the one of the request.
pub const ALL_OTHERS: &str = "others";

/// Content of the template `sessions`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SessionsPage {
    /// The address that the buttons post to.
    pub action: String,
    /// The sessions, the one that was used last first.
    pub sessions: Vec<SessionView>,
}

/// A session in the list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SessionView {
    /// The value of [`END`] for it; it is no secret.
    pub id: String,
    /// The browser: `Firefox on Windows`.
    pub browser: String,
    /// The address from which the user has logged in; empty if unknown.
    pub address: String,
    /// The time of the login.
    pub begun: String,
    /// The time of the last use, to the minute.
    pub last_used: String,
    /// True for the session of the request.
    pub is_current: bool,
}

impl Content for SessionsPage {
    const TEMPLATE: &'static str = "sessions";
}

/// Returns the browser and the system that a header `User-Agent` names: `Firefox on Windows`.
///
/// The header itself, shortened, if it names no browser that is known.
pub fn browser_in_words(user_agent: &str) -> String {
    // In this order: most browsers also name those they are compatible with.
    let browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) if user_agent.is_empty() => "Unknown browser".to_owned(),
        (None, _) => user_agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_recognised() {
        for (header, words) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Windows"),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge on Windows",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605 Version/17 Safari/605", "Safari on macOS"),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(browser_in_words(header), words);
        }
    }
}
