//! Renaming a metric: profiles, other metrics and the registry follow.

use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::metric::{MetricContent, Section};
use poem::registry::{ExpectedRevision, SaveError, groups, profiles};
use poem::store::{groups as group_store, profiles as profile_store};

use super::egi::Egi;
use super::metrics::{change, load, registered, versions};

const SUBMIT: &str = "org.nordugrid.ARC-CE-submit";

/// Returns the tuples of a name, by id: `id|profile|flavour|fqan`.
fn tuples(egi: &Egi, name: &str) -> Vec<String> {
    egi.sql(&format!(
        "SELECT i.id, i.profile_id, i.service_flavour, i.fqan FROM metric_instance i
         JOIN metric_name n ON n.id = i.metric_name_id WHERE n.name = '{name}' ORDER BY i.id"
    ))
}

fn profile_revisions(egi: &Egi) -> Vec<String> {
    egi.sql("SELECT id, revision FROM profile ORDER BY id")
}

#[test]
fn profiles_and_metrics_follow_a_new_name() {
    let egi = Egi::new();
    let (moved, follower, before) = (tuples(&egi, SUBMIT), load(&egi, 4), versions(&egi, 4).len());
    assert_eq!(moved.len(), 2);
    let saved = change(&egi, "alice", 3, |it| it.name = "arc.Submit".into()).unwrap();
    assert_eq!((saved.name.as_str(), saved.message.as_str()), ("arc.Submit (Production)", "Changed name."));
    let side_effects = [
        "Also renamed in metric \"org.nordugrid.ARC-CE-ARIS (Production)\".",
        "Also renamed in profiles \"ARGO_MON (1.0)\" and \"ARGO_MON_CRITICAL (1.0)\".",
    ];
    assert_eq!(saved.side_effects, side_effects);
    assert_eq!(tuples(&egi, "arc.Submit"), moved);
    assert_eq!(profile_revisions(&egi), ["1|2", "2|1", "3|2"]);
    assert!(registered(&egi, SUBMIT).is_empty());
    assert_eq!(registered(&egi, "arc.Submit"), ["ARGO"]);
    let after = load(&egi, 4);
    assert_eq!(after.revision, follower.revision + 1);
    assert_eq!(after.content, MetricContent { parent: "arc.Submit".into(), ..follower.content });
    let newest = versions(&egi, 4);
    let words = "Changed metric parent \"arc.Submit\".";
    assert_eq!((newest.len(), &newest[before]), (before + 1, &(format!("{words}|alice"), after.content)));
    let profile = format!("Metric \"{SUBMIT}\" is now called \"arc.Submit\".");
    assert_eq!(
        egi.history(4),
        [
            format!("change|profile|3|ARGO_MON_CRITICAL|{profile}|alice"),
            format!("change|profile|1|ARGO_MON|{profile}|alice"),
            format!("change|metric|4|org.nordugrid.ARC-CE-ARIS (Production)|{words}|alice"),
            "change|metric|3|arc.Submit (Production)|Changed name.|alice".to_owned(),
        ]
    );
    // Renamed back: the same tuples.
    change(&egi, "alice", 3, |it| it.name = SUBMIT.into()).unwrap();
    assert_eq!(tuples(&egi, SUBMIT), moved);
}

#[test]
fn keys_of_dependencies_follow_a_new_name() {
    let egi = Egi::new();
    let both = |it: &mut MetricContent| it.parent = "argo.AMSPublisher-Check".into();
    change(&egi, "alice", 8, both).unwrap();
    let saved = change(&egi, "alice", 2, |it| {
        it.name = "argo.Publisher".into();
        // Its own settings stay as the user entered them.
        it.settings.push(Section::Dependency, "argo.AMSPublisher-Check", "0");
    })
    .unwrap();
    let labels = "\"argo.AMS-Check (Devel)\" and \"argo.AMS-Check (Production)\".";
    assert_eq!(saved.side_effects, [format!("Also renamed in metrics {labels}")]);
    let dependency =
        "Added metric dependency \"argo.Publisher\". Deleted metric dependency \"argo.AMSPublisher-Check\".";
    for (id, message) in [
        (1, format!("{dependency}|alice")),
        (8, format!("{dependency} Changed metric parent \"argo.Publisher\".|alice")),
    ] {
        let (content, newest) = (load(&egi, id).content, versions(&egi, id).pop().unwrap());
        assert_eq!(content.settings.of(Section::Dependency)[0].key(), "argo.Publisher");
        assert_eq!(newest, (message, content));
    }
    assert_eq!(load(&egi, 2).content.settings.of(Section::Dependency)[0].key(), "argo.AMSPublisher-Check");
}

#[test]
fn the_new_name_may_be_in_the_registry_already() {
    let egi = Egi::new();
    // The new name already has one of the tuples.
    egi.sql(
        "INSERT INTO metric_instance (profile_id, service_flavour, metric_name_id, fqan)
         SELECT 1, 'ARC-CE', id, '/ops/Role=lcgadmin' FROM metric_name WHERE name = 'org.apel.APEL-Pub'",
    );
    let (known, moved) = (tuples(&egi, "org.apel.APEL-Pub"), tuples(&egi, SUBMIT));
    change(&egi, "alice", 3, |it| it.name = "org.apel.APEL-Pub".into()).unwrap();
    let mut expected = [&known[..], &moved[1..]].concat();
    expected.sort_by_key(|row| row.split('|').next().and_then(|id| id.parse::<i64>().ok()));
    assert_eq!(tuples(&egi, "org.apel.APEL-Pub"), expected);
    assert!(registered(&egi, SUBMIT).is_empty());
    assert_eq!(registered(&egi, "org.apel.APEL-Pub"), ["ARGO"]);
    assert_eq!(load(&egi, 4).content.parent, "org.apel.APEL-Pub");
    assert_eq!(profile_revisions(&egi), ["1|2", "2|1", "3|2"]);
}

#[test]
fn nothing_follows_while_another_metric_has_the_old_name() {
    let egi = Egi::new();
    let (named, profiles) = (tuples(&egi, "argo.AMS-Check"), profile_revisions(&egi));
    change(&egi, "alice", 2, |it| it.parent = "argo.AMS-Check".into()).unwrap();
    let relying = load(&egi, 2);
    let saved = change(&egi, "alice", 8, |it| it.name = "argo.Other".into()).unwrap();
    let stays = "Another metric still has the name “argo.AMS-Check”, so profiles keep it.";
    assert_eq!(saved.side_effects, [stays]);
    assert_eq!((tuples(&egi, "argo.AMS-Check"), profile_revisions(&egi)), (named, profiles));
    assert_eq!(load(&egi, 2), relying);
    assert_eq!(
        (registered(&egi, "argo.AMS-Check"), registered(&egi, "argo.Other")),
        (vec!["ARGO".into()], vec!["ARGO".into()])
    );
    assert_eq!(egi.history(1), ["change|metric|8|argo.Other (Devel)|Changed name.|alice"]);
}

#[test]
fn forms_that_show_the_old_name_are_stale() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let group = egi.read(async |tx| group_store::content(tx.conn(), GroupKind::Metrics, 1).await).unwrap();
    let profile = egi.read(async |tx| profile_store::content(tx.conn(), 1).await).unwrap();
    change(&egi, "alice", 3, |it| it.name = "arc.Submit".into()).unwrap();
    let target = ExpectedRevision { id: 1, revision: group.revision };
    let refusal = egi.refused(async |tx| groups::change(tx, &poem, GroupKind::Metrics, target, &group.content).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    let target = ExpectedRevision { id: 1, revision: profile.revision };
    let refusal = egi.refused(async |tx| profiles::change(tx, &poem, target, &profile.content).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
}
