//! The plain tables of a dump: tags, metric types, VOs, service flavours, services, aggregation profiles.

use std::collections::HashMap;

use super::DumpSource;
use super::error::DumpError;
use super::models::Model;
use super::users_and_groups::Members;
use super::warnings::Warnings;
use crate::domain::form::text;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::service::Service;
use crate::domain::model::snapshot::{Aggregation, Flavour, Named};

/// The tags or the metric types, depending on `model`.
pub(super) fn named(source: &DumpSource, model: Model) -> Vec<Named> {
    let name = |id| source.refs.name(model, id).unwrap_or_default().to_owned();
    source.refs.first_rows(model).map(|row| Named { id: row.key, name: name(row.key) }).collect()
}

/// The names of the VOs.
pub(super) fn vos(source: &DumpSource) -> Vec<String> {
    source.dump.named_rows(Model::Vo).iter().map(|row| row.key.to_owned()).collect()
}

/// The service flavours with their descriptions.
pub(super) fn flavours(source: &DumpSource) -> Result<Vec<Flavour>, DumpError> {
    let rows = source.dump.named_rows(Model::Flavour).iter();
    rows.map(|row| {
        let description = row.optional_text("description")?.map(text::unify_line_ends);
        Ok(Flavour { name: row.key.to_owned(), description })
    })
    .collect()
}

/// The services.
pub(super) fn services(source: &DumpSource) -> Result<Vec<Service>, DumpError> {
    let rows = source.dump.named_rows(Model::Service).iter();
    rows.map(|row| {
        Ok(Service {
            id: row.key.to_owned(),
            service_id: row.text("service_id")?.to_owned(),
            service_name: row.text("service_name")?.to_owned(),
            service_area: row.text("service_area")?.to_owned(),
            service_version: row.text("service_version")?.to_owned(),
            service_type: row.text("service_type")?.to_owned(),
            component_version: row.text("component_version")?.to_owned(),
            component_name: row.text("component_name")?.to_owned(),
            visible_to_marketplace: row.flag("visible_to_marketplace", Some(false))?,
            in_catalogue: row.flag("in_catalogue", Some(false))?,
            external_service: row.flag("external_service", Some(false))?,
            internal_service: row.flag("internal_service", Some(false))?,
        })
    })
    .collect()
}

/// The aggregation profiles with their groups.
///
/// POEM 2.3 could store a profile of the ARGO WEB-API twice. The first row stays, with the first group that one of them
/// has. Two profiles there may have one name; both stay.
pub(super) fn aggregations(
    source: &DumpSource,
    members: &Members,
    warnings: &mut Warnings,
) -> Result<Vec<Aggregation>, DumpError> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut aggregations: Vec<Aggregation> = Vec::new();
    for row in source.dump.rows(Model::Aggregation) {
        let apiid = row.text("apiid")?;
        let group = members.group_of_row(source, GroupKind::Aggregations, row, "groupname", warnings)?;
        if let Some(first) = places.get(apiid).map(|place| &mut aggregations[*place]) {
            first.group = first.group.or(group);
            warnings.leave_out(row, "apiid", &format!("is that of {} {}", row.model.label(), first.id));
            continue;
        }
        places.insert(apiid, aggregations.len());
        aggregations.push(Aggregation {
            id: row.key,
            name: row.text("name")?.to_owned(),
            apiid: apiid.to_owned(),
            group,
            definition: None,
            definition_read: None,
            missing_since: None,
        });
    }
    Ok(aggregations)
}
