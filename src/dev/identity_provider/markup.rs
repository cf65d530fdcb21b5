//! Text in XML and HTML.

/// Escapes a text for XML and HTML: as the content of an element, or in an attribute with double quotes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            // In an attribute, a parser of XML would make a blank of them.
            '\t' => escaped += "&#9;",
            '\n' => escaped += "&#10;",
            '\r' => escaped += "&#13;",
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Writes an attribute with a blank before it; nothing for `None`.
pub fn attribute(name: &str, value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| format!(" {name}=\"{}\"", escape(value)))
}

/// Writes an element that holds a text; nothing for `None`.
pub fn element(name: &str, text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("<{name}>{}</{name}>", escape(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_text_is_escaped() {
        assert_eq!(escape("a<b>&\"c'\n"), "a&lt;b&gt;&amp;&quot;c&#39;&#10;");
        assert_eq!(attribute("A", Some("\">")), " A=\"&quot;&gt;\"");
        assert_eq!(attribute("A", None), "");
    }
}
