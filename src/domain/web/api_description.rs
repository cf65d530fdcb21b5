//! The description of the REST API, as values that a page can show. It is read from the OpenAPI document, which is next
//! to the handlers that it describes.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;

/// The OpenAPI document; tests compare it with the mounted routes and real responses.
pub const DOCUMENT: &str = include_str!("../../api/openapi.json");

/// The tag of the addresses that serve the pages of POEM, and no other clients.
const INTERNAL: &str = "internal";
/// The words in the place of a token.
pub const YOUR_TOKEN: &str = "YOUR_TOKEN";
/// The methods that a client sends, as the document calls them.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The description of the REST API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApiDescription {
    /// The paragraphs that hold for every address.
    pub introduction: Vec<Vec<MarkedText>>,
    /// The addresses, by topic.
    pub sections: Vec<ApiSection>,
}

/// The addresses of one topic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApiSection {
    /// The topic: `profiles`. Unique, and fit for an anchor.
    pub name: String,
    /// The topic, in a sentence.
    pub about: String,
    /// True for the addresses that serve the pages of POEM, and no other clients.
    pub is_internal: bool,
    /// The addresses, in the order of the document, without those that only redirect.
    pub addresses: Vec<ApiAddress>,
}

/// A method of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApiAddress {
    /// The anchor: `listProfiles`.
    pub name: String,
    /// The method: `GET`.
    pub method: String,
    /// The path with the names of its parameters in braces: `/poem/api/v2/profiles/{name}`.
    pub path: String,
    /// The same path with an example of each parameter.
    pub sample: String,
    /// The response, in a few words.
    pub summary: String,
    /// The details; empty if there are none.
    pub about: Vec<MarkedText>,
    /// True if the client must send an API key.
    pub needs_key: bool,
    /// The parameters in the path.
    pub parameters: Vec<ApiParameter>,
    /// The possible responses, by status.
    pub responses: Vec<ApiResponse>,
    /// The body of a request, as indented JSON; empty without one.
    pub request: String,
    /// The body of a successful response, as indented JSON; empty without one.
    pub example: String,
}

/// A parameter in the path of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApiParameter {
    /// The name, as in the path.
    pub name: String,
    /// The meaning.
    pub about: String,
    /// A possible value.
    pub example: String,
}

/// A possible response of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApiResponse {
    /// The HTTP status.
    pub code: String,
    /// The reason for this status.
    pub about: Vec<MarkedText>,
}

/// A part of a text in one typeface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MarkedText {
    /// The words, with their white space.
    pub text: String,
    /// True for what a client sends or receives literally.
    pub is_code: bool,
    /// True for emphasized words.
    pub is_strong: bool,
}

/// Returns the description, which is read only once.
pub fn description() -> &'static ApiDescription {
    static READ: LazyLock<ApiDescription> = LazyLock::new(|| {
        // The document is part of the program: a test reads all of it.
        read(&serde_json::from_str(DOCUMENT).unwrap_or_default())
    });
    &READ
}

/// Returns the line for a shell that requests an address. `origin` is the scheme, host and port of this server; `token`
/// is the key of the client, and `None` if the address needs none.
pub fn curl_line(origin: &str, path: &str, token: Option<&str>) -> String {
    let key = token.map(|token| format!("-H 'x-api-key: {token}' ")).unwrap_or_default();
    format!("curl {key}'{origin}{path}'")
}

fn read(document: &Value) -> ApiDescription {
    let introduction = text(&document["info"]["description"]);
    let tags = document["tags"].as_array().into_iter().flatten();
    ApiDescription {
        introduction: introduction.split("\n\n").map(marked).collect(),
        sections: tags.map(|tag| section(document, tag)).collect(),
    }
}

fn section(document: &Value, tag: &Value) -> ApiSection {
    let name = text(&tag["name"]);
    let addresses = operations(document)
        .filter(|(_, _, operation)| operation["tags"].as_array().is_some_and(|tags| tags.contains(&tag["name"])))
        .map(|(path, method, operation)| address(document, (path, method), operation))
        .collect();
    ApiSection {
        name: name.to_owned(),
        about: text(&tag["description"]).to_owned(),
        is_internal: name == INTERNAL,
        addresses,
    }
}

/// Returns the path, method and description of everything that does more than to redirect.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let methods = METHODS.into_iter().filter_map(|method| Some((method, item.get(method)?)));
        methods.map(move |(method, operation)| (path.as_str(), method, operation))
    });
    all.filter(|(_, _, operation)| responses(operation).any(|(code, _)| code.starts_with('2')))
}

fn address(document: &Value, (path, method): (&str, &str), operation: &Value) -> ApiAddress {
    let parameters: Vec<_> = [&document["paths"][path]["parameters"], &operation["parameters"]]
        .into_iter()
        .flat_map(|list| list.as_array().into_iter().flatten())
        .map(|parameter| parameter_of(resolved(document, parameter)))
        .collect();
    let sample = |path: String, it: &ApiParameter| path.replace(&format!("{{{}}}", it.name), &it.example);
    let success = responses(operation).find(|(code, _)| code.starts_with('2')).map(|(_, response)| response);
    ApiAddress {
        name: text(&operation["operationId"]).to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        sample: parameters.iter().fold(path.to_owned(), sample),
        summary: text(&operation["summary"]).to_owned(),
        about: marked(text(&operation["description"])),
        needs_key: needs_key(operation),
        parameters,
        responses: responses(operation)
            .map(|(code, response)| ApiResponse {
                code: code.to_owned(),
                about: marked(text(&resolved(document, response)["description"])),
            })
            .collect(),
        request: body(document, &operation["requestBody"]),
        example: success.map(|response| body(document, response)).unwrap_or_default(),
    }
}

fn responses(operation: &Value) -> impl Iterator<Item = (&str, &Value)> {
    operation["responses"].as_object().into_iter().flatten().map(|(code, response)| (code.as_str(), response))
}

fn needs_key(operation: &Value) -> bool {
    operation["security"].as_array().is_some_and(|ways| ways.iter().any(|way| way.get("apiKey").is_some()))
}

fn parameter_of(parameter: &Value) -> ApiParameter {
    ApiParameter {
        name: text(&parameter["name"]).to_owned(),
        about: text(&parameter["description"]).to_owned(),
        example: text(&parameter["example"]).to_owned(),
    }
}

/// Returns an example of the JSON of a request or response; empty if it has no body.
fn body(document: &Value, of: &Value) -> String {
    let content = &resolved(document, of)["content"]["application/json"];
    let example = match content.get("example") {
        Some(example) => Some(example.clone()),
        None => sample(document, &content["schema"]),
    };
    example.and_then(|example| serde_json::to_string_pretty(&example).ok()).unwrap_or_default()
}

/// Returns an example of a schema: its own, or a list with one of its items; `None` if it has none.
fn sample(document: &Value, schema: &Value) -> Option<Value> {
    let schema = resolved(document, schema);
    match schema.get("example") {
        Some(example) => Some(example.clone()),
        None => Some(Value::Array(vec![sample(document, schema.get("items")?)?])),
    }
}

/// Follows a reference such as `#/components/responses/NoKey`; other values are returned as they are.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|target| document.pointer(target.strip_prefix('#')?));
    target.unwrap_or(value)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Splits a text at the marks of Markdown that the document uses: `code` and **emphasis**.
fn marked(text: &str) -> Vec<MarkedText> {
    let parts = text.split('`').enumerate().flat_map(|(place, part)| {
        let is_code = place % 2 == 1;
        let words: Vec<_> = if is_code { vec![part] } else { part.split("**").collect() };
        words.into_iter().enumerate().map(move |(place, text)| MarkedText {
            text: text.to_owned(),
            is_code,
            is_strong: !is_code && place % 2 == 1,
        })
    });
    parts.filter(|part| !part.text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> impl Iterator<Item = &'static ApiAddress> {
        description().sections.iter().flat_map(|section| &section.addresses)
    }

    #[test]
    fn every_address_that_serves_data_is_described_once() {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let mut served: Vec<_> = operations(&document).map(|(path, method, _)| (method.to_uppercase(), path)).collect();
        let mut described: Vec<_> = addresses().map(|it| (it.method.clone(), it.path.as_str())).collect();
        served.sort();
        described.sort();
        assert_eq!(described, served);
        assert!(described.contains(&("GET".to_owned(), "/poem/api/v2/metrics/{tag}")), "{described:?}");
        assert!(!described.contains(&("GET".to_owned(), "/poem/api/v2/metrics")), "it only redirects");
    }

    #[test]
    fn an_address_has_all_that_a_client_needs() {
        for it in addresses() {
            assert!(!it.name.is_empty() && !it.summary.is_empty(), "{}", it.path);
            assert!(it.responses.iter().all(|response| !response.about.is_empty()), "{}", it.path);
            assert!(!it.sample.contains(['{', '}', '\'']), "{}", it.sample);
        }
        for section in description().sections.iter().filter(|section| !section.is_internal && section.name != "about") {
            assert!(section.addresses.iter().all(|it| it.needs_key && it.example.starts_with(['{', '['])));
        }
        let of_tag = addresses().find(|it| it.path.ends_with("{tag}")).unwrap();
        assert_eq!((of_tag.parameters.len(), of_tag.sample.as_str()), (1, "/poem/api/v2/metrics/production"));
        let codes: Vec<_> = of_tag.responses.iter().map(|response| response.code.as_str()).collect();
        assert_eq!(codes, ["200", "304", "400", "403", "404", "503"]);
        let added = addresses().find(|it| it.method == "POST").unwrap();
        assert!(added.request.contains("groupname") && !added.needs_key, "{added:?}");
    }

    #[test]
    fn marks_become_typefaces() {
        let parts = marked("**Keys.** Send `x-api-key`, always.");
        let parts: Vec<_> = parts.iter().map(|it| (it.text.as_str(), it.is_strong, it.is_code)).collect();
        let expected =
            [("Keys.", true, false), (" Send ", false, false), ("x-api-key", false, true), (", always.", false, false)];
        assert_eq!(parts, expected);
        let unbalanced = |it: &MarkedText| it.text.contains("**") || it.text.contains('`');
        assert!(!description().introduction.iter().flatten().any(unbalanced));
    }

    #[test]
    fn a_curl_line_has_the_key_if_the_address_needs_one() {
        let origin = "https://poem.example.org";
        assert_eq!(curl_line(origin, "/a", None), "curl 'https://poem.example.org/a'");
        assert_eq!(curl_line(origin, "/a", Some("s3")), "curl -H 'x-api-key: s3' 'https://poem.example.org/a'");
    }
}
