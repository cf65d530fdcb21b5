//! Reads one tenant of POEM 2.3: a dump, written by Django's `dumpdata` with or without natural keys, or the rows of its
//! tables. The code is pure: it makes a [`Snapshot`], or returns an error that names the place. Nothing is stored here.

mod current_objects;
mod django_reversion;
mod error;
mod history;
mod log;
mod lookup_tables;
mod messages;
mod metrics;
mod models;
mod password_hashes;
mod probes;
mod profiles;
mod references;
mod release;
mod rows;
mod tables;
mod times;
mod users_and_groups;
mod warnings;

use chrono_tz::Tz;
use serde_json::Value;

pub use error::DumpError;
pub use release::{ReleaseError, check_release};

use super::first_line::first_line;
use crate::domain::model::snapshot::Snapshot;
use crate::domain::security::keys::Keys;
use models::Model;
use references::Refs;
use rows::Dump;
use warnings::Warnings;

/// The content of a dump.
#[derive(Debug)]
pub struct ParsedDump {
    /// The data, normalised. The same dump always results in the same data, except for the sealed tokens.
    pub snapshot: Snapshot,
    /// The names of the kinds of objects, with their numbers, for printing.
    pub counts: Vec<(&'static str, usize)>,
    /// The number of rows that were taken over: all but sessions, permissions, content types and the rows that a
    /// warning says were left out.
    pub objects: usize,
    /// The rows and values that were left out, corrected or ambiguous, a line each.
    pub warnings: Vec<String>,
}

/// The rows, with the references and the time zone that are needed to interpret them.
struct DumpSource<'a> {
    dump: &'a Dump<'a>,
    refs: Refs<'a>,
    zone: Tz,
}

/// Reads a dump. Times without an offset are local times of `timezone`; `keys` hash and seal the tokens.
///
/// # Errors
/// The first row or field that cannot be read, with model, key and field.
pub fn parse(dump: &[u8], keys: &Keys, timezone: Tz) -> Result<ParsedDump, DumpError> {
    parse_rows(&read_rows(dump)?, keys, timezone)
}

/// Reads the tables of a tenant: their names, and their rows as objects by column. Otherwise like [`parse`]; the times
/// have offsets.
///
/// # Errors
/// As [`parse`], and a table that is unknown.
pub fn parse_tables(tables: Vec<(&str, Vec<Value>)>, keys: &Keys, timezone: Tz) -> Result<ParsedDump, DumpError> {
    parse_rows(&tables::rows(tables)?, keys, timezone)
}

fn parse_rows(rows: &[Value], keys: &Keys, timezone: Tz) -> Result<ParsedDump, DumpError> {
    let dump = Dump::sort(rows)?;
    let mut warnings = Warnings { lines: dropped_warnings(&dump), ..Warnings::default() };
    let source = DumpSource { dump: &dump, refs: Refs::read(&dump, &mut warnings)?, zone: timezone };
    let mut snapshot = read_snapshot(&source, keys, &mut warnings)?;
    snapshot.normalise();
    let objects = dump.len() - warnings.left_out;
    Ok(ParsedDump { counts: counts(&snapshot), objects, snapshot, warnings: warnings.lines })
}

fn read_rows(dump: &[u8]) -> Result<Vec<Value>, DumpError> {
    let text = std::str::from_utf8(dump).map_err(|error| {
        let line = dump[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        DumpError::NotText { line }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let seen = || first_line(text.as_bytes());
    match serde_json::from_str(text).map_err(|error| DumpError::syntax(&error, seen()))? {
        Value::Array(rows) => Ok(rows),
        _ => Err(DumpError::NotAList),
    }
}

fn read_snapshot(source: &DumpSource, keys: &Keys, warnings: &mut Warnings) -> Result<Snapshot, DumpError> {
    let members = users_and_groups::Members::read(source)?;
    let mut snapshot = Snapshot {
        tags: lookup_tables::named(source, Model::Tag),
        metric_types: lookup_tables::named(source, Model::MetricType),
        groups: users_and_groups::groups(source),
        users: users_and_groups::users(source)?,
        api_keys: users_and_groups::api_keys(source, keys, warnings)?,
        vos: lookup_tables::vos(source),
        flavours: lookup_tables::flavours(source)?,
        services: lookup_tables::services(source)?,
        aggregations: lookup_tables::aggregations(source, &members, warnings)?,
        metric_names: metrics::names(source, &members, warnings)?,
        ..Snapshot::default()
    };
    let versions = history::versions(source, warnings)?;
    snapshot.probes = probes::probes(source, &members, &versions, warnings)?;
    snapshot.metrics = metrics::metrics(source, &versions, warnings)?;
    snapshot.profiles = profiles::profiles(source, &members, warnings)?;
    metrics::complete_names(&mut snapshot, source.dump.highest_key(Model::MetricName));
    snapshot.log_entries = log::log_entries(source, &versions, warnings)?;
    snapshot.versions = versions.kept;
    password_hashes::warn_of_unknown(&snapshot.users, &mut warnings.lines);
    current_objects::warn_of_stale_versions(&snapshot, warnings);
    current_objects::add_initial_versions(&mut snapshot, source.dump.highest_key(Model::Version));
    Ok(snapshot)
}

fn dropped_warnings(dump: &Dump) -> Vec<String> {
    let fields = dump
        .unknown_fields
        .iter()
        .map(|(model, field)| format!("{}: field {} is unknown and left out", model.label(), error::quoted(field)));
    // Sessions and permissions are always left out; these are not expected in the dump of a tenant.
    let models = [Model::AuthGroup, Model::Tenant].into_iter().filter_map(|model| {
        let rows = dump.dropped.get(&model)?;
        Some(format!("{}: {rows} row(s) left out", model.label()))
    });
    fields.chain(models).collect()
}

fn counts(snapshot: &Snapshot) -> Vec<(&'static str, usize)> {
    vec![
        ("tags", snapshot.tags.len()),
        ("metric types", snapshot.metric_types.len()),
        ("groups", snapshot.groups.len()),
        ("users", snapshot.users.len()),
        ("API keys", snapshot.api_keys.len()),
        ("VOs", snapshot.vos.len()),
        ("service flavours", snapshot.flavours.len()),
        ("services", snapshot.services.len()),
        ("probes", snapshot.probes.len()),
        ("metric names", snapshot.metric_names.len()),
        ("metrics", snapshot.metrics.len()),
        ("profiles", snapshot.profiles.len()),
        ("metric instances", snapshot.profiles.iter().map(|profile| profile.instances.len()).sum()),
        ("aggregations", snapshot.aggregations.len()),
        ("versions", snapshot.versions.len()),
        ("log entries", snapshot.log_entries.len()),
    ]
}

#[cfg(test)]
mod tests;
