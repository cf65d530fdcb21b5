//! The replies of the WEB-API that are not profiles, with its words.

use serde_json::{Value, json};

use super::messages::{HTML, HttpReply, JSON, ReceivedRequest, TEXT};

/// A profile of that name exists, or existed. `kind` is the kind of profile, with a capital letter.
pub fn name_taken(kind: &str) -> HttpReply {
    failure(409, "Conflict", &format!("{kind} with the same name already exists"))
}

/// The metric profile of an aggregation profile is unknown.
pub fn unknown_metric_profile() -> HttpReply {
    failure(422, "Unprocessable Entity", "Referenced metric profile ID is not found")
}

/// The body is not JSON, or has other types.
pub fn malformed_body() -> HttpReply {
    failure(400, "Bad Request", "Request Body contains malformed JSON, thus rendering the Request Bad")
}

/// The parameter `date` is not a day.
pub fn malformed_date(date: &str) -> HttpReply {
    let details = format!("date parameter value: {date} is not in the valid form of YYYY-MM-DD");
    failure(400, "Bad Request", &details)
}

/// There is no profile with the id.
pub fn unknown_id() -> HttpReply {
    failure(404, "Not Found", "item with the specific ID was not found on the server")
}

/// The profiles cannot be stored.
pub fn not_stored(details: &str) -> HttpReply {
    failure(500, "Internal Server Error", details)
}

fn failure(status: u16, message: &str, details: &str) -> HttpReply {
    let code = status.to_string();
    let error = json!({"message": message, "code": code, "details": details});
    HttpReply::json(status, &json!({"status": {"message": message, "code": code}, "errors": [error]}))
}

/// The token is missing or unknown.
pub fn unauthorized(request: &ReceivedRequest) -> HttpReply {
    let details = "You need to provide a correct authentication token using the header 'x-api-key'";
    refusal(request, 401, &json!({"message": "Unauthorized", "code": "401", "details": details}))
}

/// The token may read only.
pub fn forbidden(request: &ReceivedRequest) -> HttpReply {
    refusal(request, 403, &json!({"message": "Access to the resource is Forbidden", "code": "403"}))
}

/// The client accepts other types.
pub fn not_acceptable(request: &ReceivedRequest) -> HttpReply {
    let details = "Accept header provided did not contain any valid content types. Acceptable content types are \
                   'application/xml' and 'application/json'";
    refusal(request, 406, &json!({"message": "Not Acceptable Content Type", "code": "406", "details": details}))
}

/// A reply with the Content-Type of the request.
fn refusal(request: &ReceivedRequest, status: u16, words: &Value) -> HttpReply {
    let reply = HttpReply::new(status, TEXT, json!({"status": words}).to_string());
    echoing(reply, request)
}

/// Adds the headers of the request to the reply, which the WEB-API does when it refuses a request: the token is among
/// them.
pub fn echoing(reply: HttpReply, request: &ReceivedRequest) -> HttpReply {
    const OF_THE_CONNECTION: [&str; 4] = ["Host", "Connection", "Content-Length", "Transfer-Encoding"];
    let is_echoed = |name: &str| !OF_THE_CONNECTION.iter().any(|own| own.eq_ignore_ascii_case(name));
    request
        .headers
        .iter()
        .filter(|(name, _)| is_echoed(name))
        .fold(reply, |reply, (name, value)| reply.without(name).with(name, value))
}

/// There is no such address.
pub fn unknown_path() -> HttpReply {
    HttpReply::new(404, TEXT, "404 page not found\n")
}

/// The address does not serve the method.
pub fn other_method() -> HttpReply {
    HttpReply { status: 405, headers: Vec::new(), body: Vec::new() }
}

/// The reply to OPTIONS, the same for all addresses.
pub fn options() -> HttpReply {
    HttpReply::new(200, TEXT, "").with("Allow", "GET, POST, DELETE, PUT, OPTIONS")
}

/// The path has a shorter form.
pub fn moved(location: &str) -> HttpReply {
    let text = location.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;");
    let page = format!("<a href=\"{text}\">Moved Permanently</a>.\n\n");
    HttpReply::new(301, HTML, page).with("Location", location)
}

/// A profile was made.
pub fn created(kind: &str, id: &str, address: &str) -> HttpReply {
    let status = json!({"message": format!("{kind} successfully created"), "code": "201"});
    let data = json!({"id": id, "links": {"self": address}});
    HttpReply::new(201, JSON, json!({"status": status, "data": data}).to_string())
}

/// A profile was changed or deleted.
pub fn done(message: &str) -> HttpReply {
    HttpReply::json(200, &json!({"status": {"message": message, "code": "200"}}))
}
