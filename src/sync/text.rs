//! Quotations of a feed in messages: one line, without control characters, not too long.

/// Returns the beginning of a text in quotation marks; control characters are escaped.
pub fn quoted(text: &str, limit: usize) -> String {
    let cut: String = text.chars().take(limit).collect();
    let more = if text.chars().nth(limit).is_some() { "…" } else { "" };
    format!("\"{}{more}\"", escaped(&cut))
}

/// Escapes control characters and characters that change how a line is read, such as bidirectional overrides.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    escaped
}

fn is_hidden(c: char) -> bool {
    let is_format =
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    c.is_control() || is_format
}

/// Returns what a body is that is not in the format of the feed, for a sentence that begins with “this is”.
pub fn described(text: &str) -> Option<String> {
    let start = text.trim_start();
    let lower: String = start.chars().take(300).collect::<String>().to_ascii_lowercase();
    if lower.contains("<!doctype html") || lower.contains("<html") {
        return Some(match title(start) {
            Some(title) => format!("this is an HTML page titled {}", quoted(&title, 100)),
            None => "this is an HTML page".to_owned(),
        });
    }
    let is_text = !start.starts_with(['<', '{', '[']);
    is_text.then(|| format!("this is text: {}", quoted(start.trim_end(), 100)))
}

/// The title of an HTML page, in one line.
fn title(html: &str) -> Option<String> {
    // In ASCII lower case the places stay the same.
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find('<')?;
    Some(html[start..end].split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_is_short_and_harmless() {
        assert_eq!(quoted("a\nb\u{202E}c", 9), "\"a\\nb\\u{202e}c\"");
        assert_eq!(quoted("abc", 2), "\"ab…\"");
    }

    #[test]
    fn another_format_is_named() {
        let page = "<!DOCTYPE html>\n<html><head><title>\n Sign  in </title></head>";
        assert_eq!(described(page).unwrap(), "this is an HTML page titled \"Sign in\"");
        assert_eq!(described("<HTML><p>é</p>").unwrap(), "this is an HTML page");
        assert_eq!(described(" No identity was presented ").unwrap(), "this is text: \"No identity was presented\"");
        assert_eq!(described("<results/>"), None);
        assert_eq!(described("{}"), None);
    }
}
