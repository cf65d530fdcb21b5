//! A page as a browser reads it: links, form, messages.

use std::collections::BTreeSet;

use ego_tree::iter::Edge;
use scraper::{Html, Node};

/// An element: its name and attributes, and the text up to the next element.
#[derive(Debug, Clone)]
pub struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
    pub text: String,
}

impl Element {
    /// The attribute's value, '' if it has none; `None` if the element has no such attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// The elements of a page in order, and their ends (`/form`), as an HTML parser finds them.
pub fn elements(page: &str) -> Vec<Element> {
    let mut elements: Vec<Element> = Vec::new();
    for edge in Html::parse_document(page).tree.root().traverse() {
        let (node, is_end) = match edge {
            Edge::Open(node) => (node, false),
            Edge::Close(node) => (node, true),
        };
        match node.value() {
            Node::Element(element) if is_end => {
                let name = format!("/{}", element.name());
                elements.push(Element { name, attributes: Vec::new(), text: String::new() });
            }
            Node::Element(element) => {
                let attributes = element.attrs().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
                elements.push(Element { name: element.name().to_owned(), attributes, text: String::new() });
            }
            Node::Text(text) if !is_end => {
                if let Some(last) = elements.last_mut() {
                    last.text += text;
                }
            }
            _ => {}
        }
    }
    elements
}

/// The targets of the page's links, each once.
pub fn links(page: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for link in elements(page).iter().filter(|element| element.name == "a").filter_map(|element| element.get("href")) {
        if !links.iter().any(|known| known == link) {
            links.push(link.to_owned());
        }
    }
    links
}

/// An input of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// With the maximum number of characters; 0 if there is no limit.
    Text {
        value: String,
        limit: usize,
    },
    Hidden(String),
    Checkbox {
        value: String,
        checked: bool,
    },
    Select {
        value: String,
        choices: Vec<String>,
    },
}

/// A form that can be filled and sent.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    /// By name, in order. A picker is many checkboxes of one name.
    pub controls: Vec<(String, Control)>,
    pub required: Vec<String>,
}

impl Form {
    /// The form of the page's object; `None` if nothing can be typed.
    pub fn read(page: &str) -> Option<Self> {
        let elements = elements(page);
        let start = elements.iter().position(|element| element.name == "form" && element.has("data-guarded"))?;
        let mut form =
            Self { action: elements[start].get("action")?.to_owned(), controls: Vec::new(), required: Vec::new() };
        let mut template = false;
        for element in elements[start..].iter().take_while(|element| element.name != "/form") {
            match element.name.as_str() {
                "template" | "/template" => template = element.name == "template",
                "option" => form.add_option(element),
                _ if !template => form.add(element),
                _ => {}
            }
        }
        Some(form)
    }

    fn add(&mut self, element: &Element) {
        let Some(name) = element.get("name").map(str::to_owned) else { return };
        let value = element.get("value").unwrap_or_default().to_owned();
        let limit = element.get("data-limit").and_then(|limit| limit.parse().ok()).unwrap_or(0);
        let control = match (element.name.as_str(), element.get("type").unwrap_or_default()) {
            ("input", "hidden") => Control::Hidden(value),
            ("input", "checkbox") => {
                let value = element.get("value").unwrap_or("on").to_owned();
                Control::Checkbox { value, checked: element.has("checked") }
            }
            // A browser removes line ends of inputs.
            ("input", _) => Control::Text { value: value.replace(['\r', '\n'], ""), limit },
            ("textarea", _) => Control::Text { value: element.text.clone(), limit },
            ("select", _) => Control::Select { value: String::new(), choices: Vec::new() },
            _ => return,
        };
        if element.has("required") {
            self.required.push(name.clone());
        }
        self.controls.push((name, control));
    }

    fn add_option(&mut self, element: &Element) {
        let Some((_, Control::Select { value, choices })) = self.controls.last_mut() else { return };
        // An option without a value has its text.
        let option = element.get("value").unwrap_or(element.text.trim());
        if element.has("selected") || choices.is_empty() {
            option.clone_into(value);
        }
        choices.push(option.to_owned());
    }

    /// The first control of this name.
    pub fn get(&self, name: &str) -> Option<&Control> {
        self.controls.iter().find(|(of, _)| of == name).map(|(_, control)| control)
    }

    /// The value of the first control of this name; '' if there is none.
    pub fn value(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Control::Text { value, .. } | Control::Hidden(value) | Control::Select { value, .. }) => value,
            Some(Control::Checkbox { checked: true, value }) => value,
            _ => "",
        }
    }

    /// Types, selects (also a value that is not among the choices), ticks, or unticks with ''.
    #[track_caller]
    pub fn set(&mut self, name: &str, new: &str) {
        let of_name = self.controls.iter_mut().filter(|(of, _)| of == name);
        let mut controls: Vec<&mut Control> = of_name.map(|(_, control)| control).collect();
        assert!(!controls.is_empty(), "the form has no {name}");
        let picks = controls.len() > 1;
        for control in &mut controls {
            match control {
                Control::Text { value, .. } | Control::Hidden(value) | Control::Select { value, .. } => {
                    new.clone_into(value);
                }
                Control::Checkbox { value, checked } if picks => *checked |= value == new,
                Control::Checkbox { checked, .. } => *checked = !new.is_empty(),
            }
        }
    }

    /// The fields that a browser sends.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let sent = |(name, control): &(String, Control)| {
            let value = match control {
                Control::Text { value, .. } | Control::Hidden(value) | Control::Select { value, .. } => value,
                Control::Checkbox { value, checked: true } => value,
                Control::Checkbox { .. } => return None,
            };
            Some((name.clone(), value.replace("\r\n", "\n").replace('\n', "\r\n")))
        };
        self.controls.iter().filter_map(sent).collect()
    }

    pub fn body(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }

    /// Names and limits of the text inputs; of the cells of rows, the first in each column.
    pub fn texts(&self) -> Vec<(String, usize)> {
        let mut columns = BTreeSet::new();
        let mut text = |(name, control): &(String, Control)| match control {
            Control::Text { limit, .. } if columns.insert(name.replace(char::is_numeric, "")) => {
                Some((name.clone(), *limit))
            }
            _ => None,
        };
        self.controls.iter().filter_map(&mut text).collect()
    }
}

/// The messages at a field or cell, as text; '' if there are none.
pub fn errors_at(page: &str, name: &str) -> String {
    let id = format!("id_{name}_errors");
    let text = text_in(page, |element| element.get("id") == Some(&id)).unwrap_or_default();
    text.replace("Error: ", "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All text in the first element of this class.
pub fn text_of_class(page: &str, class: &str) -> Option<String> {
    text_in(page, |element| element.get("class") == Some(class))
}

fn text_in(page: &str, is_it: impl Fn(&Element) -> bool) -> Option<String> {
    let elements = elements(page);
    let start = elements.iter().position(is_it)?;
    let (name, end) = (&elements[start].name, format!("/{}", elements[start].name));
    let mut depth = 0;
    let inside = elements[start..].iter().take_while(|element| {
        depth += i32::from(element.name == *name) - i32::from(element.name == end);
        depth > 0
    });
    Some(inside.map(|element| element.text.as_str()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_reads_it() {
        let page = r#"<a href="&#x2F;x?a=1&amp;b=2">x</a> <form data-guarded action="/y" method="post">
            <input type="hidden" name="h" value="1"><input id="id_n" name="n" required data-limit="9" type="text" value="a &lt;b&gt;">
            <div class="errors" id="id_n_errors"><p><span class="unseen">Error: </span>Too &quot;long&quot;.</p></div>
            <textarea name="t">
x</textarea><select name="s"><option value="">-</option><option value="v" selected>v</option></select>
            <input type="checkbox" name="c" checked><input type="checkbox" name="p" value="1"><input type="checkbox" name="p" value="2" checked>
            <template><input name="t-__-x"></template></form><input name="outside">"#;
        let mut form = Form::read(page).unwrap();
        assert_eq!(links(page), ["/x?a=1&b=2"]);
        assert_eq!(form.action, "/y");
        assert_eq!(form.body(), "h=1&n=a+%3Cb%3E&t=x&s=v&c=on&p=2");
        assert_eq!(form.texts(), [("n".to_owned(), 9), ("t".to_owned(), 0)]);
        assert_eq!((form.required.join(" "), errors_at(page, "n")), ("n".to_owned(), "Too \"long\".".to_owned()));
        for (name, value) in [("n", "č"), ("c", ""), ("p", "1"), ("s", "other")] {
            form.set(name, value);
        }
        assert_eq!(form.body(), "h=1&n=%C4%8D&t=x&s=other&p=1&p=2");
    }
}
