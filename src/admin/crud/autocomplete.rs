//! Suggestions while typing, as JSON: `{"results": [{"value": …, "note": …}]}`.

use serde_json::json;

use super::request_context::{RequestContext, SEARCHED};
use crate::domain::form::field::Choices;
use crate::error::{AppError, NOT_FOUND};
use crate::store::choices;

/// The maximum number of suggestions.
const MOST: i64 = 20;

/// The name in the address of the service flavours of a metric profile, which are not in the database.
pub const PROFILE_SERVICES: &str = "metric-profile-services";

/// The sources of suggestions, by their names in the address. (Other choices are shown as a whole.)
const NAMED: [(&str, Choices); 5] = [
    ("vos", Choices::Vos),
    ("service-flavours", Choices::ServiceFlavours),
    ("metric-names", Choices::MetricNames),
    ("metrics", Choices::Metrics),
    ("probe-versions", Choices::ProbeVersions),
];

/// Returns the name of a source in the address; empty if it has no suggestions.
pub fn name_of(source: Choices) -> &'static str {
    NAMED.iter().find(|(_, of)| *of == source).map_or("", |(name, _)| name)
}

/// Returns the source with this name in the address; `None` if there is none.
pub fn source_of(name: &str) -> Option<Choices> {
    NAMED.iter().find(|(of, _)| *of == name).map(|(_, source)| *source)
}

/// Returns the suggestions as JSON, for `?q=` (the input) and `?group=` (the group in the form, for metric names).
///
/// # Errors
/// 403 without a login, 404 for an unknown source, and errors of the database.
pub async fn answer(context: &RequestContext<'_>, name: &str) -> Result<String, AppError> {
    context.viewer()?;
    let source = source_of(name).ok_or(NOT_FOUND)?;
    let typed = context.query(SEARCHED).unwrap_or_default();
    let group = context.query("group").filter(|group| !group.is_empty());
    let mut tx = context.read().await?;
    let found = choices::suggest(tx.conn(), source, typed, group, MOST).await?;
    let results: Vec<_> = found.iter().map(|found| json!({ "value": found.value, "note": found.note })).collect();
    Ok(json!({ "results": results }).to_string())
}
