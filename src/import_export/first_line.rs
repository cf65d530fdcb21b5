//! The first line of a file that is not JSON, for messages that say what is seen.

/// The length to which the line is shortened, in characters.
const LONGEST: usize = 60;

/// The first line that is not empty, quoted and escaped. `None` if it looks like the beginning of JSON, so that it would
/// not help, and if there is none.
pub(super) fn first_line(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&text[..text.len().min(4096)]);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if line.starts_with(['[', '{']) {
        return None;
    }
    let short: String = line.chars().take(LONGEST).collect();
    Some(format!("{short:?}{}", if short.len() < line.len() { "…" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_before_the_json_is_shown() {
        assert_eq!(first_line(b"\nWARNING: \x1b[1mold\n[]").as_deref(), Some(r#""WARNING: \u{1b}[1mold""#));
        assert_eq!(first_line("é".repeat(61).as_bytes()), Some(format!("\"{}\"…", "é".repeat(60))));
        for json in [&b""[..], b" \n", b" [", b"\n{"] {
            assert_eq!(first_line(json), None);
        }
    }
}
