//! The current probes. Their earlier versions are in `history`.

use chrono::{DateTime, Utc};

use super::DumpSource;
use super::error::DumpError;
use super::history::Versions;
use super::models::Model;
use super::rows::Row;
use super::users_and_groups::Members;
use super::warnings::Warnings;
use crate::domain::form::text;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::snapshot::Probe;

/// The probes of a dump, in the order of their ids.
pub(super) fn probes(
    source: &DumpSource,
    members: &Members,
    versions: &Versions,
    warnings: &mut Warnings,
) -> Result<Vec<Probe>, DumpError> {
    let mut probes = Vec::new();
    for row in source.dump.rows(Model::Probe) {
        probes.push(Probe {
            id: row.key,
            name: row.text("name")?.to_owned(),
            version: row.text("version")?.to_owned(),
            repository: row.text("repository")?.to_owned(),
            docurl: row.text("docurl")?.to_owned(),
            description: text::unify_line_ends(row.text("description")?),
            comment: text::unify_line_ends(row.text("comment")?),
            changed_by: row.text_or_empty("user")?.to_owned(),
            changed_at: changed_at(source, row, versions, warnings)?,
            group: members.group_of_row(source, GroupKind::Probes, row, "group", warnings)?,
        });
    }
    Ok(probes)
}

/// The time of the last change. The column allows null: then it is the time of the newest version.
fn changed_at(
    source: &DumpSource,
    row: &Row,
    versions: &Versions,
    warnings: &mut Warnings,
) -> Result<DateTime<Utc>, DumpError> {
    if let Some(time) = row.optional_time("datetime", source.zone)? {
        return Ok(time);
    }
    let newest = versions.newest_of_probe(row.key);
    let reason = if newest.is_some() { "is null, the time of the newest version counts" } else { "is null, unknown" };
    warnings.push(row.error("datetime", reason).to_string());
    Ok(newest.unwrap_or(DateTime::UNIX_EPOCH))
}
