//! Browsers that have logged in to an account before. A signed cookie tells them, so that the failed logins of strangers
//! do not lock their users out (OWASP: device cookies).

use chrono::Utc;
use rocket::Request;
use rocket::time::Duration;

use crate::domain::security::keys::{Keys, random_hex};
use crate::http::cookies;

/// The prefix of the cookie's name. The rest is derived from the account: a browser may have logged in to several.
const COOKIE: &str = "browser-";
/// The number of hex digits of the derived part of the name.
const NAME_LENGTH: usize = 16;
/// The days for which the browser is known after a login.
const LIFETIME: Duration = Duration::days(30);
/// The random bytes of a browser's id.
const ID_BYTES: usize = 16;
/// The purposes of the signatures: of the name and of the value.
const NAME: &str = "name of a known browser";
const VALUE: &str = "known browser";

/// Returns the id of this browser, if it has logged in to the account (tenant's schema, username) in the last 30 days.
pub fn find(request: &Request<'_>, account: (&str, &str)) -> Option<String> {
    let keys = keys(request);
    let name = cookies::own_name(request, &name(keys, account));
    let ids = cookies::values(request, &name).into_iter().filter_map(|value| verified(keys, account, value));
    ids.map(str::to_owned).next()
}

/// Sets the cookie after a login. A browser that is known already keeps its id.
pub fn set_cookie(request: &Request<'_>, account: (&str, &str)) {
    let keys = keys(request);
    let id = find(request, account).unwrap_or_else(|| random_hex(ID_BYTES));
    let issued = Utc::now().timestamp().to_string();
    let signature = keys.sign(VALUE, &[account.0, account.1, &issued, &id]);
    let mut cookie = cookies::own(request, &name(keys, account), format!("{issued}.{id}.{signature}"));
    cookie.set_max_age(LIFETIME);
    request.cookies().add(cookie);
}

/// Returns the id in the value of a cookie: `ISSUED.ID.SIGNATURE`; `None` if it is forged, or too old.
fn verified<'a>(keys: &Keys, (schema, username): (&str, &str), value: &'a str) -> Option<&'a str> {
    let (issued, rest) = value.split_once('.')?;
    let (id, signature) = rest.split_once('.')?;
    let age = Utc::now().timestamp() - issued.parse::<i64>().ok()?;
    let is_valid = (0..LIFETIME.whole_seconds()).contains(&age)
        && keys.is_signature(VALUE, &[schema, username, issued, id], signature);
    is_valid.then_some(id)
}

fn name(keys: &Keys, (schema, username): (&str, &str)) -> String {
    format!("{COOKIE}{}", &keys.sign(NAME, &[schema, username])[..NAME_LENGTH])
}

fn keys<'r>(request: &'r Request<'_>) -> &'r Keys {
    request.rocket().state().expect("app::build manages the keys")
}
