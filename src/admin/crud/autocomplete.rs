//! Suggestions while typing, as JSON: `{"results": [{"value": …, "note": …}]}`.

use serde_json::json;

use super::request_context::{RequestContext, SEARCHED};
use crate::domain::form::field::Choices;
use crate::error::{AppError, NOT_FOUND};
use crate::store::choices;

/// Suggestions that a list shows at most.
const MOST: i64 = 20;

/// What can be typed with suggestions, by its name in the address. (Other choices are shown whole.)
const NAMED: [(&str, Choices); 5] = [
    ("vos", Choices::Vos),
    ("service-flavours", Choices::ServiceFlavours),
    ("metric-names", Choices::MetricNames),
    ("metrics", Choices::Metrics),
    ("probe-versions", Choices::ProbeVersions),
];

/// '' where there are no suggestions for it.
pub fn name_of(source: Choices) -> &'static str {
    NAMED.iter().find(|(_, of)| *of == source).map_or("", |(name, _)| name)
}

/// The JSON of `?q=` (what was typed) and `?group=` (the group chosen in the form, for metric names).
pub async fn answer(context: &RequestContext<'_>, name: &str) -> Result<String, AppError> {
    context.viewer()?;
    let (_, source) = NAMED.iter().find(|(of, _)| *of == name).ok_or(NOT_FOUND)?;
    let typed = context.query(SEARCHED).unwrap_or_default();
    let group = context.query("group").filter(|group| !group.is_empty());
    let mut tx = context.read().await?;
    let found = choices::suggest(tx.conn(), *source, typed, group, MOST).await?;
    let results: Vec<_> = found.iter().map(|found| json!({ "value": found.value, "note": found.note })).collect();
    Ok(json!({ "results": results }).to_string())
}
