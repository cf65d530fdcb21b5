//! The log entries: the user, the action and the object.

use serde_json::Value;

use super::DumpSource;
use super::error::{DumpError, described};
use super::history::Versions;
use super::messages;
use super::models::Model;
use super::rows::Row;
use super::warnings::Warnings;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::snapshot::LogEntry;

/// The longest time between a log entry and its version, which one request wrote.
const SAME_REQUEST_SECONDS: i64 = 2;

/// The Django applications whose models can be objects of log entries.
const APPLICATIONS: [&str; 2] = ["poem", "rest_framework_api_key"];

/// The log entries, in the order of their ids.
pub(super) fn log_entries(
    source: &DumpSource,
    versions: &Versions,
    warnings: &mut Warnings,
) -> Result<Vec<LogEntry>, DumpError> {
    let mut entries = Vec::new();
    for row in source.dump.rows(Model::LogEntry) {
        match action(row)? {
            Some(action) => entries.push(log_entry(source, row, action, versions)?),
            None => warnings.leave_out(row, "action_flag", "is none of 1, 2 and 3"),
        }
    }
    Ok(entries)
}

fn log_entry(source: &DumpSource, row: &Row, action: LogAction, versions: &Versions) -> Result<LogEntry, DumpError> {
    let action_time = row.time("action_time", source.zone)?;
    let object_kind = object_kind(source, row)?;
    let object_id = object_id(source, row, object_kind)?;
    let text = row.text_or_empty("change_message")?;
    let message = messages::of_log_entry(text, || {
        let metric = object_id.as_deref().filter(|_| object_kind == Some(ObjectKind::Metric))?.parse().ok()?;
        versions.message_at(metric, text, action_time, SAME_REQUEST_SECONDS)
    });
    row.storable("change_message", &message)?;
    let user_id = source.refs.required(row, "user", Model::User)?;
    Ok(LogEntry {
        id: row.key,
        action_time,
        action,
        object_kind,
        object_id,
        object_name: row.text("object_repr")?.to_owned(),
        message,
        data: None,
        user_id: Some(user_id),
        username: source.refs.name(Model::User, user_id).unwrap_or_default().to_owned(),
    })
}

/// The action; `None` for a number that POEM 2.3 never wrote, which its table allowed.
fn action(row: &Row) -> Result<Option<LogAction>, DumpError> {
    match row.value("action_flag").as_i64() {
        Some(1) => Ok(Some(LogAction::Add)),
        Some(2) => Ok(Some(LogAction::Change)),
        Some(3) => Ok(Some(LogAction::Delete)),
        Some(_) => Ok(None),
        None => {
            let reason = format!("must be 1, 2 or 3, is {}", described(row.value("action_flag")));
            Err(row.error("action_flag", reason))
        }
    }
}

/// The kind of the object; `None` without a content type, and for objects that have no log in POEM 3 (VOs, tags …).
fn object_kind(source: &DumpSource, row: &Row) -> Result<Option<ObjectKind>, DumpError> {
    let field = "content_type";
    let (application, model) = match row.value(field) {
        Value::Null => return Ok(None),
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(application), Value::String(model)] => (application.as_str(), model.as_str()),
            _ => return Err(row.error(field, "a natural key is a list of application and model")),
        },
        Value::Number(number) => {
            let row_of_type = number.as_i64().and_then(|key| source.dump.row(Model::ContentType, key));
            let reason = format!("no contenttypes.contenttype with key {number}: dump it with --natural-foreign");
            let row_of_type = row_of_type.filter(|row| row.has_own_key).ok_or_else(|| row.error(field, reason))?;
            (row_of_type.text("app_label")?, row_of_type.text("model")?)
        }
        other => return Err(row.error(field, format!("must name a content type, is {}", described(other)))),
    };
    let known = APPLICATIONS.iter().any(|name| name.eq_ignore_ascii_case(application));
    Ok(model.to_ascii_lowercase().parse().ok().filter(|_| known))
}

/// The id of the object as text; the object need not exist. If objects of its kind have new ids, it is found by its
/// name.
fn object_id(source: &DumpSource, row: &Row, kind: Option<ObjectKind>) -> Result<Option<String>, DumpError> {
    let id = row.optional_text("object_id")?.map(str::to_owned);
    let model = match kind {
        Some(ObjectKind::CustUser) => Model::User,
        Some(ObjectKind::GroupOfAggregations) => Model::of_group(GroupKind::Aggregations),
        Some(ObjectKind::GroupOfProfiles) => Model::of_group(GroupKind::Profiles),
        Some(ObjectKind::GroupOfProbes) => Model::of_group(GroupKind::Probes),
        Some(ObjectKind::GroupOfMetrics) => Model::of_group(GroupKind::Metrics),
        _ => return Ok(id),
    };
    if source.dump.rows(model).iter().all(|row| row.has_own_key) {
        return Ok(id);
    }
    Ok(source.refs.key(model, row.text("object_repr")?).map(|key| key.to_string()))
}
