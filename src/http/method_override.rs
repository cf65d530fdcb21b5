//! Rocket lets a form replace the method of its request: if the first field of a POST is `_method=PUT`, the request is
//! a PUT before any fairing sees it. POEM does not offer that. A form that does it is refused, and everything, the log
//! included, sees the POST that it was. (Sent back as HEAD, the response would also break the connection.)

use rocket::fairing::{Fairing, Info, Kind};
use rocket::form::Form;
use rocket::http::Method;
use rocket::{Data, Request};

/// The bytes of the body that Rocket looks at, and how many there must be at least (`Rocket::preprocess_request`).
const MAX_BYTES: usize = "_method=delete".len();
const MIN_BYTES: usize = "_method=get".len();

/// The fairing that undoes the replacement. It must be attached before all fairings that look at the method.
pub struct MethodOverride;

/// Whether the form has asked for another method, stored in the request's local cache.
struct HasOverride(bool);

/// Returns whether the form has asked for another method, so that it must be refused.
pub fn is_requested(request: &Request<'_>) -> bool {
    request.local_cache(|| HasOverride(false)).0
}

/// Returns the method that the first field of a form asks for, as Rocket finds it; `None` if there is none.
fn requested(is_form: bool, peeked: &[u8]) -> Option<Method> {
    let text = std::str::from_utf8(peeked).ok().filter(|_| is_form && peeked.len() >= MIN_BYTES)?;
    let first = Form::values(text).next().filter(|field| field.name == "_method")?;
    first.value.parse().ok()
}

#[rocket::async_trait]
impl Fairing for MethodOverride {
    fn info(&self) -> Info {
        Info { name: "Method override", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        let is_form = request.content_type().is_some_and(|kind| kind.is_form());
        // Only a POST is replaced. A request with another method than the form's has kept its own.
        if requested(is_form, data.peek(MAX_BYTES).await) == Some(request.method()) {
            request.set_method(Method::Post);
            request.local_cache(|| HasOverride(true));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_is_found_as_rocket_finds_it() {
        for (body, method) in [
            ("_method=GET&a=b", Some(Method::Get)),
            ("_method=put&a", Some(Method::Put)),
            ("&&_method=GET&a", Some(Method::Get)),
            ("_method=h%65ad", None),
            ("%5Fmethod=GET&", None),
            ("a=b&_method=GET", None),
            ("_methods=GET&a", None),
            ("_method=GETS&a", None),
            ("_method=GE", None),
        ] {
            let peeked = &body.as_bytes()[..body.len().min(MAX_BYTES)];
            assert_eq!(requested(true, peeked), method, "{body}");
            assert_eq!(requested(false, peeked), None, "{body}");
        }
        assert_eq!(requested(true, b"_method=GET&\xff"), None);
    }
}
