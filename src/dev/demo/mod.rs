//! Demo data: two tenants for trying POEM out, written by hand in `demo/*.json`.

mod file;
mod history;
mod names;
mod webapi;

use self::file::{DemoFile, DemoMetric, DemoProfile, DemoUser, PRESENTED};
use self::history::History;
pub use self::names::DemoError;
use self::names::{Names, metric_names, unique, unknown};
pub use self::webapi::WebApiDemo;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::profile::Tuple;
use crate::domain::model::snapshot::{
    Aggregation, ApiKey, Flavour, Group, Instance, Metric, MetricName, Named, Probe, Profile, Snapshot,
};
use crate::domain::model::user::StoredUser;
use crate::domain::security::keys::Keys;

/// The demo file of the tenant EGI, with an example of everything.
pub const EGI: &str = include_str!("../../../demo/egi.json");
/// The demo file of the tenant EUDAT: smaller, to show that tenants are separate.
pub const EUDAT: &str = include_str!("../../../demo/eudat.json");

/// The feeds of the demo tenant EGI: the key of `[SYNC_EGI]`, the file's name, and its content. Each adds, changes or
/// removes something of the demo data.
pub const FEEDS: [(&str, &str, &str); 3] = [
    ("ServiceType", "service-types.xml", include_str!("../../../demo/feeds/service-types.xml")),
    ("VO", "vos.xml", include_str!("../../../demo/feeds/vos.xml")),
    ("Services", "services.json", include_str!("../../../demo/feeds/services.json")),
];

const TAGS: [&str; 3] = ["Production", "Devel", "Test"];
const TYPES: [&str; 2] = ["Active", "Passive"];
/// A password hash that no password matches.
const NO_PASSWORD: &str = "!";

/// Builds the data of a tenant from a demo file. Hashes tokens with `keys` and passwords with `hash_password`.
///
/// # Errors
/// `Form` if it is not a demo file; `Unknown`, `Twice` or `Versions` with the place, if its data are inconsistent.
pub fn snapshot(text: &str, keys: &Keys, hash_password: &dyn Fn(&str) -> String) -> Result<Snapshot, DemoError> {
    let file: DemoFile = serde_json::from_str(text)?;
    let names = Names::of(&file)?;
    let history = History::of(&file, &names)?;
    let mut snapshot = Snapshot {
        tags: named(&TAGS),
        metric_types: named(&TYPES),
        groups: groups(&file),
        users: file
            .users
            .iter()
            .zip(1..)
            .map(|(user, id)| user_of(user, id, &names, hash_password))
            .collect::<Result<_, _>>()?,
        api_keys: api_keys(&file, keys),
        vos: file.vos.clone(),
        flavours: flavours(&file),
        services: file.services.clone(),
        probes: probes(&file, &names)?,
        metric_names: registry(&file, &names)?,
        metrics: file
            .metrics
            .iter()
            .zip(1..)
            .map(|(metric, id)| metric_of(metric, id, &names, &history))
            .collect::<Result<_, _>>()?,
        profiles: profiles(&file, &names)?,
        aggregations: aggregations(&file, &names)?,
        versions: history.versions,
        log_entries: history.log_entries,
    };
    snapshot.normalise();
    Ok(snapshot)
}

fn named(names: &[&str]) -> Vec<Named> {
    names.iter().zip(1..).map(|(name, id)| Named { id, name: (*name).into() }).collect()
}

fn groups(file: &DemoFile) -> Vec<Group> {
    let of_kind = |(kind, names): (&GroupKind, &Vec<String>)| {
        let kind = *kind;
        names.iter().zip(1..).map(move |(name, id)| Group { kind, id, name: name.clone() }).collect::<Vec<_>>()
    };
    file.groups.iter().flat_map(of_kind).collect()
}

fn user_of(user: &DemoUser, id: i64, names: &Names, hash: &dyn Fn(&str) -> String) -> Result<StoredUser, DemoError> {
    let place = format!("user \"{}\"", user.username);
    let member_of = user.member_of.iter().flat_map(|(kind, groups)| groups.iter().map(|group| (*kind, group)));
    Ok(StoredUser {
        id,
        username: user.username.clone(),
        password: user.password.as_deref().map_or_else(|| NO_PASSWORD.into(), hash),
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        email: user.email.clone(),
        is_superuser: user.superuser,
        is_staff: user.staff,
        is_active: user.active,
        date_joined: user.joined,
        last_login: None,
        distinguished_name: user.distinguished_name.clone(),
        egi_id: user.egi_id.clone(),
        display_name: user.display_name.clone(),
        groups: member_of.map(|(kind, group)| names.group_ref(kind, group, &place)).collect::<Result<_, _>>()?,
    })
}

fn api_keys(file: &DemoFile, keys: &Keys) -> Vec<ApiKey> {
    let keys = file.api_keys.iter().zip(1..).map(|(key, id)| ApiKey {
        id,
        client: key.client.clone(),
        token_hash: keys.token_hash(&key.token),
        token_sealed: (key.client == PRESENTED).then(|| keys.seal(&key.token)),
        created: key.created,
        revoked: key.revoked,
    });
    keys.collect()
}

fn flavours(file: &DemoFile) -> Vec<Flavour> {
    let flavours = file.flavours.iter();
    flavours.map(|(name, description)| Flavour { name: name.clone(), description: description.clone() }).collect()
}

fn probes(file: &DemoFile, names: &Names) -> Result<Vec<Probe>, DemoError> {
    let mut probes = Vec::new();
    for (probe, id) in file.probes.iter().zip(1..) {
        let place = format!("probe \"{}\"", probe.name);
        let newest = probe.versions.last().ok_or_else(|| DemoError::Versions { place: place.clone() })?;
        probes.push(Probe {
            id,
            name: probe.name.clone(),
            version: newest.version.clone(),
            repository: probe.repository.clone(),
            docurl: probe.docurl.clone(),
            description: newest.description.clone().unwrap_or_else(|| probe.description.clone()),
            comment: newest.comment.clone(),
            changed_by: newest.by.clone(),
            changed_at: newest.date,
            group: names.group(GroupKind::Probes, &probe.group, &place)?,
        });
    }
    Ok(probes)
}

fn registry(file: &DemoFile, names: &Names) -> Result<Vec<MetricName>, DemoError> {
    let mut registry = Vec::new();
    for ((name, group), id) in metric_names(file).zip(1..) {
        let group = names.group(GroupKind::Metrics, group, &format!("metric \"{name}\""))?;
        registry.push(MetricName { id, name: name.into(), group });
    }
    Ok(registry)
}

fn metric_of(metric: &DemoMetric, id: i64, names: &Names, history: &History) -> Result<Metric, DemoError> {
    let place = format!("metric \"{} ({})\"", metric.name, metric.tag);
    let known = |known: &[&str], what, name: &str| {
        if known.contains(&name) { Ok(name.to_owned()) } else { Err(unknown(&place, what, name)) }
    };
    if !metric.parent.is_empty() {
        names.require_metric(&metric.parent, &place)?;
    }
    Ok(Metric {
        id,
        name: metric.name.clone(),
        tag: known(&TAGS, "tag", &metric.tag)?,
        metric_type: known(&TYPES, "type", &metric.metric_type)?,
        probe_version: history.probe_version(&metric.probe, &place)?,
        group: names.group(GroupKind::Metrics, &metric.group, &place)?,
        executable: metric.executable.clone(),
        parent: metric.parent.clone(),
        settings: history::settings_now(metric),
    })
}

fn profiles(file: &DemoFile, names: &Names) -> Result<Vec<Profile>, DemoError> {
    let mut next_instance = 1;
    let mut profiles = Vec::new();
    for (profile, id) in file.profiles.iter().zip(1..) {
        let place = format!("profile \"{}\"", profile.name);
        names.require_vo(&profile.vo, &place)?;
        let instances: Vec<Instance> = tuples(profile, names, &place)?
            .into_iter()
            .zip(next_instance..)
            .map(|(tuple, id)| Instance { id, tuple })
            .collect();
        next_instance += instances.len() as i64;
        profiles.push(Profile {
            id,
            name: profile.name.clone(),
            version: profile.version.clone(),
            vo: profile.vo.clone(),
            description: profile.description.clone(),
            group: names.group(GroupKind::Profiles, &profile.group, &place)?,
            instances,
        });
    }
    Ok(profiles)
}

fn tuples(profile: &DemoProfile, names: &Names, place: &str) -> Result<Vec<Tuple>, DemoError> {
    let tuples = profile.tuples();
    for tuple in &tuples {
        names.require_flavour(&tuple.service_flavour, place)?;
        names.require_metric(&tuple.metric, place)?;
    }
    let shown = tuples.iter().map(|tuple| format!("{} {} {}", tuple.service_flavour, tuple.metric, tuple.fqan));
    unique(&format!("{place}: tuple"), shown)?;
    Ok(tuples)
}

fn aggregations(file: &DemoFile, names: &Names) -> Result<Vec<Aggregation>, DemoError> {
    let mut aggregations = Vec::new();
    for (aggregation, id) in file.aggregations.iter().zip(1..) {
        let place = format!("aggregation \"{}\"", aggregation.name);
        let group = names.group(GroupKind::Aggregations, &aggregation.group, &place)?;
        let (name, apiid) = (aggregation.name.clone(), aggregation.apiid.clone());
        aggregations.push(Aggregation {
            id,
            name,
            apiid,
            group,
            definition: None,
            definition_read: None,
            missing_since: None,
        });
    }
    Ok(aggregations)
}

#[cfg(test)]
mod tests;
