//! The first difference between two snapshots, as a message: a dump is not loaded over a tenant with other data.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::snapshot::{Named, Snapshot};

/// Fields whose values are not shown, only that they differ.
const SECRET: [&str; 2] = ["password", "token_hash"];

/// The length in characters from which values are shortened.
const LONGEST_VALUE: usize = 60;

/// Returns the first difference between a tenant and a file, as one line; `None` if their data are equal.
///
/// The lists are compared in the order of the fields of [`Snapshot`]. Both snapshots must be normalised.
///
/// Data that a tenant has before anything is loaded are no difference: additional tags and metric types (which are
/// matched by name, so that their ids do not count), and additional users without groups.
pub fn first_difference(ours: &Snapshot, file: &Snapshot) -> Option<String> {
    None.or_else(|| missing_name("tag", &ours.tags, &file.tags))
        .or_else(|| missing_name("metric type", &ours.metric_types, &file.metric_types))
        .or_else(|| {
            compare("group", &ours.groups, &file.groups, |g| (g.kind, g.id), |g| format!("{} of {}", g.id, g.kind))
        })
        .or_else(|| users(ours, file))
        .or_else(|| compare("API key", &ours.api_keys, &file.api_keys, |k| k.id, |k| with_name(k.id, &k.client)))
        .or_else(|| compare("VO", &ours.vos, &file.vos, |vo| vo.clone(), |vo| shown_text(vo)))
        .or_else(|| {
            compare("service flavour", &ours.flavours, &file.flavours, |f| f.name.clone(), |f| shown_text(&f.name))
        })
        .or_else(|| compare("service", &ours.services, &file.services, |s| s.id.clone(), |s| shown_text(&s.id)))
        .or_else(|| compare("probe", &ours.probes, &file.probes, |p| p.id, |p| with_name(p.id, &p.name)))
        .or_else(|| {
            compare("metric name", &ours.metric_names, &file.metric_names, |n| n.id, |n| with_name(n.id, &n.name))
        })
        .or_else(|| compare("metric", &ours.metrics, &file.metrics, |m| m.id, |m| with_name(m.id, &m.name)))
        .or_else(|| compare("profile", &ours.profiles, &file.profiles, |p| p.id, |p| with_name(p.id, &p.name)))
        .or_else(|| {
            compare("aggregation", &ours.aggregations, &file.aggregations, |a| a.id, |a| with_name(a.id, &a.name))
        })
        .or_else(|| compare("version", &ours.versions, &file.versions, |v| v.id, |v| v.id.to_string()))
        .or_else(|| {
            compare("log entry", &ours.log_entries, &file.log_entries, |e| e.id, |e| with_name(e.id, &e.object_name))
        })
}

fn missing_name(what: &str, ours: &[Named], file: &[Named]) -> Option<String> {
    let missing = file.iter().find(|named| !ours.iter().any(|own| own.name == named.name))?;
    Some(format!("{what} {} is not in the tenant", shown_text(&missing.name)))
}

fn users(ours: &Snapshot, file: &Snapshot) -> Option<String> {
    let known = |id| file.users.iter().any(|user| user.id == id);
    let own: Vec<_> = ours.users.iter().filter(|user| known(user.id) || !user.groups.is_empty()).cloned().collect();
    compare("user", &own, &file.users, |user| user.id, |user| with_name(user.id, &user.username))
}

/// Compares two lists element by element. `key` pairs the elements, `label` names them in the message.
fn compare<T: PartialEq + Serialize, K: Ord>(
    what: &str,
    ours: &[T],
    file: &[T],
    key: impl Fn(&T) -> K,
    label: impl Fn(&T) -> String,
) -> Option<String> {
    let mut pairs: BTreeMap<K, (Option<&T>, Option<&T>)> = BTreeMap::new();
    for element in ours {
        pairs.entry(key(element)).or_default().0 = Some(element);
    }
    for element in file {
        pairs.entry(key(element)).or_default().1 = Some(element);
    }
    pairs.into_values().find_map(|pair| match pair {
        (Some(own), None) => Some(format!("{what} {} is not in the file", label(own))),
        (None, Some(other)) => Some(format!("{what} {} is not in the tenant", label(other))),
        (Some(own), Some(other)) if own != other => {
            field_words(own, other).map(|words| format!("{what} {}: {words}", label(own)))
        }
        _ => None,
    })
}

/// Describes the first field that differs; `None` if all fields that are written as JSON are equal.
///
/// An encrypted token is not written as JSON, since it never looks the same twice.
fn field_words<T: Serialize>(own: &T, other: &T) -> Option<String> {
    match (serde_json::to_value(own), serde_json::to_value(other)) {
        (Ok(own), Ok(other)) => value_words("", &own, &other),
        _ => Some("differs".to_owned()),
    }
}

/// Describes the first field in which two values differ, with its path.
fn value_words(path: &str, own: &Value, other: &Value) -> Option<String> {
    match (own, other) {
        _ if own == other => None,
        _ if SECRET.contains(&path) => Some(format!("{path} differs")),
        (Value::Object(fields), Value::Object(others)) => fields.keys().chain(others.keys()).find_map(|name| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            value_words(&path, fields.get(name).unwrap_or(&Value::Null), others.get(name).unwrap_or(&Value::Null))
        }),
        (Value::Array(values), Value::Array(others)) if values.len() == others.len() => (values.iter().zip(others))
            .enumerate()
            .find_map(|(place, (own, other))| value_words(&format!("{path}[{place}]"), own, other)),
        (Value::Array(values), Value::Array(others)) => {
            Some(format!("{path}: {} in the tenant, {} in the file", values.len(), others.len()))
        }
        _ => Some(format!("{path} is {} in the tenant, {} in the file", shown(own), shown(other))),
    }
}

fn with_name(id: i64, name: &str) -> String {
    format!("{id} ({})", shortened(name.escape_debug().to_string()))
}

fn shown_text(text: &str) -> String {
    shortened(format!("{text:?}"))
}

fn shown(value: &Value) -> String {
    shortened(value.to_string())
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::model::group_kind::{GroupKind, GroupRef};
    use crate::domain::model::profile::Tuple;
    use crate::domain::model::snapshot::{ApiKey, Flavour, Instance, Metric, Profile};
    use crate::domain::model::user::StoredUser;

    fn named(id: i64, name: &str) -> Named {
        Named { id, name: name.into() }
    }

    fn metric(executable: &str) -> Metric {
        Metric {
            id: 7,
            name: "argo.AMS-Check".into(),
            tag: "Test".into(),
            metric_type: "Active".into(),
            probe_version: None,
            group: Some(1),
            executable: executable.into(),
            parent: String::new(),
            settings: Default::default(),
        }
    }

    fn user(id: i64, password: &str) -> StoredUser {
        StoredUser {
            id,
            username: "alice".into(),
            password: password.into(),
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            is_superuser: false,
            is_staff: true,
            is_active: true,
            date_joined: DateTime::<Utc>::UNIX_EPOCH,
            last_login: None,
            distinguished_name: None,
            egi_id: None,
            display_name: None,
            groups: BTreeSet::new(),
        }
    }

    fn profile(metrics: &[&str]) -> Profile {
        let instance =
            |metric: &&str| Instance { id: 1, tuple: Tuple { metric: (*metric).into(), ..Default::default() } };
        Profile {
            id: 1,
            name: "P".into(),
            version: "1.0".into(),
            vo: "ops".into(),
            description: None,
            group: None,
            instances: metrics.iter().map(instance).collect(),
        }
    }

    #[test]
    fn a_field_is_named_with_both_values() {
        let ours = Snapshot { metrics: vec![metric("a")], ..Default::default() };
        let file = Snapshot { metrics: vec![metric("b")], ..Default::default() };
        let words = "metric 7 (argo.AMS-Check): executable is \"a\" in the tenant, \"b\" in the file";
        assert_eq!(first_difference(&ours, &file).as_deref(), Some(words));
        assert_eq!(first_difference(&ours, &ours), None);
    }

    #[test]
    fn an_object_of_only_one_side_is_named() {
        let full = Snapshot { metrics: vec![metric("a")], ..Default::default() };
        let empty = Snapshot::default();
        assert_eq!(first_difference(&full, &empty).as_deref(), Some("metric 7 (argo.AMS-Check) is not in the file"));
        assert_eq!(first_difference(&empty, &full).as_deref(), Some("metric 7 (argo.AMS-Check) is not in the tenant"));
    }

    #[test]
    fn a_difference_in_a_nested_list_has_a_path() {
        let of = |metrics: &[&str]| Snapshot { profiles: vec![profile(metrics)], ..Default::default() };
        let words = "profile 1 (P): instances[1].metric is \"b\" in the tenant, \"c\" in the file";
        assert_eq!(first_difference(&of(&["a", "b"]), &of(&["a", "c"])).as_deref(), Some(words));
        let words = "profile 1 (P): instances: 1 in the tenant, 2 in the file";
        assert_eq!(first_difference(&of(&["a"]), &of(&["a", "b"])).as_deref(), Some(words));
    }

    #[test]
    fn secrets_are_never_shown() {
        let of = |password: &str| Snapshot { users: vec![user(2, password)], ..Default::default() };
        assert_eq!(first_difference(&of("x"), &of("y")).as_deref(), Some("user 2 (alice): password differs"));
        let key = |byte| ApiKey {
            id: 1,
            client: "EGI".into(),
            token_hash: vec![byte; 32],
            token_sealed: None,
            created: DateTime::<Utc>::UNIX_EPOCH,
            revoked: false,
        };
        let of = |byte| Snapshot { api_keys: vec![key(byte)], ..Default::default() };
        assert_eq!(first_difference(&of(1), &of(2)).as_deref(), Some("API key 1 (EGI): token_hash differs"));
        let mut sealed = of(1);
        sealed.api_keys[0].token_sealed = Some(vec![7]);
        assert_eq!(first_difference(&of(1), &sealed), None);
    }

    #[test]
    fn the_initial_data_of_a_tenant_are_no_difference() {
        let mut ours = Snapshot {
            tags: vec![named(9, "Production"), named(8, "Test")],
            users: vec![user(5, "x")],
            ..Default::default()
        };
        let file = Snapshot { tags: vec![named(1, "Production")], ..Default::default() };
        assert_eq!(first_difference(&ours, &file), None);
        assert_eq!(first_difference(&file, &ours).as_deref(), Some("tag \"Test\" is not in the tenant"));
        ours.users[0].groups.insert(GroupRef { kind: GroupKind::Probes, id: 1 });
        assert_eq!(first_difference(&ours, &file).as_deref(), Some("user 5 (alice) is not in the file"));
    }

    #[test]
    fn a_difference_is_one_short_line() {
        let of = |description: String| Snapshot {
            flavours: vec![Flavour { name: "A\nB".into(), description: Some(description) }],
            ..Default::default()
        };
        let words = first_difference(&of("é\n".repeat(500)), &of(String::new())).unwrap();
        assert!(words.starts_with(r#"service flavour "A\nB": description is "é\né"#), "{words}");
        assert!(words.lines().count() == 1 && words.chars().count() < 200, "{words}");
        let named = Snapshot { vos: vec!["é\n".repeat(500)], ..Default::default() };
        let words = first_difference(&named, &Snapshot::default()).unwrap();
        assert!(words.lines().count() == 1 && words.chars().count() < 200, "{words}");
    }
}
