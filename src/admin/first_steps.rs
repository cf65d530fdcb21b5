//! The first steps in a new tenant: what has to be there before monitoring can read it, in order.

use super::crud::RequestContext;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::sync_feed::SyncFeed;
use crate::domain::model::sync_status::SyncStatus;
use crate::store::counts::Counts;
use crate::templates::index_page::FirstStep;

/// Returns the steps; none if all of them are done.
pub fn steps(context: &RequestContext<'_>, counts: &Counts, states: &[SyncStatus]) -> Vec<FirstStep> {
    let of = |kind: ObjectKind| counts.of(kind) > 0;
    // A profile belongs to a VO, so there are VOs even if no feed has brought them.
    let is_fetched = |status: &SyncStatus| status.list == SyncFeed::Vos.into() && status.last_success.is_some();
    let has_vos = of(ObjectKind::Profile) || states.iter().any(is_fetched);
    let import = FirstStep {
        label: "Import the VOs".to_owned(),
        hint: "The command poem-syncvo does it every hour, if poem.conf names its feed.",
        href: String::new(),
        is_done: has_vos,
    };
    let add = |kind: ObjectKind, hint| FirstStep {
        label: format!("Add {} {}", article(kind), kind.info().one),
        hint,
        href: context.at().addition(kind),
        is_done: of(kind),
    };
    let steps = vec![
        import,
        add(ObjectKind::GroupOfMetrics, "Every metric is in a group, whose members can edit it."),
        add(ObjectKind::Probe, "The program that checks a service."),
        add(ObjectKind::Metric, "How the probe is run."),
        add(ObjectKind::Profile, "Which metrics are run against which services."),
        add(ObjectKind::ApiKey, "With it, the monitoring engine reads all of this."),
    ];
    if steps.iter().all(|step| step.is_done) { Vec::new() } else { steps }
}

fn article(kind: ObjectKind) -> &'static str {
    if kind.info().one.starts_with(['a', 'A', 'e', 'i', 'o']) { "an" } else { "a" }
}
