//! The current probes. Their earlier versions are in `history`.

use super::DumpSource;
use super::error::DumpError;
use super::models::Model;
use super::users_and_groups::Members;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::snapshot::Probe;

/// The probes of a dump, in the order of their ids.
pub(super) fn probes(
    source: &DumpSource,
    members: &Members,
    warnings: &mut Vec<String>,
) -> Result<Vec<Probe>, DumpError> {
    let mut probes = Vec::new();
    for row in source.dump.rows(Model::Probe) {
        probes.push(Probe {
            id: row.key,
            name: row.text("name")?.to_owned(),
            version: row.text("version")?.to_owned(),
            repository: row.text("repository")?.to_owned(),
            docurl: row.text("docurl")?.to_owned(),
            description: row.text("description")?.to_owned(),
            comment: row.text("comment")?.to_owned(),
            changed_by: row.text_or_empty("user")?.to_owned(),
            changed_at: row.time("datetime", source.zone)?,
            group: members.group_of_row(source, GroupKind::Probes, row, "group", warnings)?,
        });
    }
    Ok(probes)
}
