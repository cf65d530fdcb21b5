//! The profiles with their tuples.

use std::collections::{BTreeMap, HashMap};

use super::DumpSource;
use super::error::{DumpError, quoted};
use super::models::Model;
use super::references::unique;
use super::rows::Row;
use super::users_and_groups::Members;
use super::warnings::Warnings;
use crate::domain::form::text;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::profile::Tuple;
use crate::domain::model::snapshot::{Instance, Profile};

const DEFAULT_VERSION: &str = "1.0";

/// The profiles with their tuples.
pub(super) fn profiles(
    source: &DumpSource,
    members: &Members,
    warnings: &mut Warnings,
) -> Result<Vec<Profile>, DumpError> {
    let mut names = HashMap::new();
    let mut profiles = BTreeMap::new();
    for row in source.dump.rows(Model::Profile) {
        let name = row.text("name")?;
        let version = row.optional_text("version")?.unwrap_or(DEFAULT_VERSION);
        unique(&mut names, (name, version), row, "name")?;
        let profile = Profile {
            id: row.key,
            name: name.to_owned(),
            version: version.to_owned(),
            vo: row.text("vo")?.to_owned(),
            description: row.optional_text("description")?.map(text::unify_line_ends),
            group: members.group_of_row(source, GroupKind::Profiles, row, "groupname", warnings)?,
            instances: Vec::new(),
        };
        profiles.insert(row.key, profile);
    }
    fill(source, &mut profiles, warnings)?;
    Ok(profiles.into_values().collect())
}

/// Adds the tuples to the profiles. Of duplicates only the lowest id is kept: 2.3 allowed them if one FQAN was null.
fn fill(source: &DumpSource, profiles: &mut BTreeMap<i64, Profile>, warnings: &mut Warnings) -> Result<(), DumpError> {
    let mut seen: HashMap<(i64, Tuple), i64> = HashMap::new();
    let mut other_vos: BTreeMap<i64, usize> = BTreeMap::new();
    for row in source.dump.rows(Model::MetricInstance) {
        let id = source.refs.required(row, "profile", Model::Profile)?;
        let tuple = tuple(row)?;
        let Some(profile) = profiles.get_mut(&id) else { continue };
        if row.optional_text("vo")?.is_some_and(|vo| vo != profile.vo) {
            *other_vos.entry(id).or_default() += 1;
        }
        if let Some(first) = seen.get(&(id, tuple.clone())) {
            warnings.push(format!("{} {}: the same tuple as {first}, left out", row.model.label(), row.key));
            warnings.left_out += 1;
            continue;
        }
        if tuple == Tuple::default() {
            warnings.leave_out(row, "metric", "is empty, like the flavour and the FQAN");
            continue;
        }
        seen.insert((id, tuple.clone()), row.key);
        profile.instances.push(Instance { id: row.key, tuple });
    }
    warnings.extend(other_vos.into_iter().filter_map(|(id, tuples)| {
        let vo = quoted(&profiles.get(&id)?.vo);
        Some(format!("poem.profile {id}: {tuples} tuple(s) named another VO, they now have the profile's {vo}"))
    }));
    Ok(())
}

fn tuple(row: &Row) -> Result<Tuple, DumpError> {
    Ok(Tuple {
        service_flavour: row.text("service_flavour")?.to_owned(),
        metric: row.text("metric")?.to_owned(),
        fqan: row.text_or_empty("fqan")?.to_owned(),
    })
}
