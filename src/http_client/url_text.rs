//! Addresses as messages and log lines show them.

use reqwest::Url;

/// Words that mark a query key whose value is a secret.
const SECRET_WORDS: [&str; 4] = ["token", "key", "secret", "pass"];

/// Returns the address without user and password. The values of query keys that may be secrets are replaced by `…`.
///
/// A text that is no address is returned as it is, without control characters.
pub fn shown(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return address.replace(char::is_control, " ");
    };
    // Both fail only for addresses that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let Some(query) = url.query().map(str::to_owned) else {
        return url.to_string();
    };
    url.set_query(None);
    url.set_fragment(None);
    let pairs: Vec<String> = query.split('&').map(shown_pair).collect();
    format!("{url}?{}", pairs.join("&"))
}

fn shown_pair(pair: &str) -> String {
    let Some((key, _)) = pair.split_once('=') else { return pair.to_owned() };
    let lower = key.to_lowercase();
    match SECRET_WORDS.iter().any(|word| lower.contains(word)) {
        true => format!("{key}=…"),
        false => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_an_address_are_not_shown() {
        for (address, expected) in [
            ("https://goc.example.org/x/?method=get", "https://goc.example.org/x/?method=get"),
            ("https://user:pw@goc.example.org/x", "https://goc.example.org/x"),
            ("http://a.org/?API_KEY=1&b=2&x-token=3&Password=4", "http://a.org/?API_KEY=…&b=2&x-token=…&Password=…"),
            ("http://a.org/?key&secret=", "http://a.org/?key&secret=…"),
            ("file:///etc/feed.xml", "file:///etc/feed.xml"),
            ("no\naddress", "no address"),
        ] {
            assert_eq!(shown(address), expected);
        }
    }
}
