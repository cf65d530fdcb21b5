//! What a save of metrics would do: their rules, checked before anything is written.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use super::SaveError;
use super::bulk::{Each, PlannedChange, Wanted, by_id, ids, known_id, start};
use crate::blocking::in_place;
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric::MetricContent;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::store::metrics::{Labels, MetricRow};
use crate::store::{StoreError, groups, metrics, probes, taken_names};

/// The change of a metric, ready to be written.
pub(super) struct MetricPlan {
    pub id: i64,
    pub before: MetricContent,
    pub after: MetricContent,
    /// Empty if nothing is to be written.
    pub changes: ChangeSet,
    /// `None` if nothing is to be written.
    pub chosen: Option<ChosenIds>,
}

impl MetricPlan {
    fn unchanged(id: i64, content: MetricContent) -> Self {
        Self { id, before: content.clone(), after: content, changes: ChangeSet::default(), chosen: None }
    }

    /// Returns the plan for a preview.
    pub fn preview(self) -> PlannedChange {
        PlannedChange { id: self.id, name: self.before.label(), changes: self.changes }
    }
}

/// The ids of the objects that a content names.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChosenIds {
    tag_id: i64,
    metric_type_id: i64,
    /// `None` only for a metric that had no group before.
    pub group_id: Option<i64>,
    probe_version_id: Option<i64>,
}

impl ChosenIds {
    pub fn row<'a>(&self, name_id: i64, content: &'a MetricContent) -> MetricRow<'a> {
        MetricRow {
            name_id,
            tag_id: self.tag_id,
            metric_type_id: self.metric_type_id,
            probe_version_id: self.probe_version_id,
            group_id: self.group_id,
            executable: &content.executable,
            parent: &content.parent,
        }
    }
}

/// Plans the changes of metrics: checks rights, revisions and rules of each.
pub(super) async fn plan(
    conn: &mut PgConnection,
    viewer: &Viewer,
    wanted: &[Wanted<'_, MetricContent>],
) -> Result<Each<MetricPlan>, StoreError> {
    let ids = ids(wanted);
    let mut loaded = by_id(metrics::contents(conn, &ids).await?);
    let started: Vec<_> = wanted
        .iter()
        .map(|wanted| {
            start(viewer, ObjectKind::Metric, wanted, loaded.remove(&wanted.target.id), |content| &content.group)
        })
        .collect();
    let contents: Vec<&MetricContent> = wanted.iter().map(|wanted| wanted.content).collect();
    let mut known = KnownNames::find(conn, &contents, &ids).await?;
    let planned = wanted.iter().zip(started).map(|(wanted, started)| {
        let (before, errors) = started?;
        let id = wanted.target.id;
        if *wanted.content == before && errors.is_empty() {
            return Ok(MetricPlan::unchanged(id, before));
        }
        let chosen = known.check(wanted.content, Some((id, &before)), (Some(&before), errors))?;
        let after = wanted.content.clone().without_unused_settings().in_order_of(&before);
        let changes = in_place(|| before.changes(&after));
        match changes.is_empty() {
            true => Ok(MetricPlan::unchanged(id, before)),
            false => Ok(MetricPlan { id, before, after, changes, chosen: Some(chosen) }),
        }
    });
    Ok(planned.collect())
}

/// What the names in contents refer to.
pub(super) struct KnownNames {
    labels: Labels,
    groups: HashMap<String, i64>,
    probe_versions: HashMap<String, i64>,
    /// The probe versions that the metrics have now: their probes may have been removed.
    own_probe_versions: HashMap<i64, i64>,
    /// The ids of the metrics that have a name and a tag.
    taken: HashMap<(String, String), i64>,
    /// The pairs of name and tag that metrics of this save get.
    claimed: HashSet<(String, String)>,
}

impl KnownNames {
    /// Finds what the contents name; `ids` has the metrics that they are about, or were cloned from.
    pub async fn find(conn: &mut PgConnection, contents: &[&MetricContent], ids: &[i64]) -> Result<Self, StoreError> {
        let of = |text: fn(&MetricContent) -> &String| {
            let texts: HashSet<&String> =
                contents.iter().map(|content| text(content)).filter(|it| !it.is_empty()).collect();
            texts.into_iter().cloned().collect::<Vec<_>>()
        };
        let pairs: Vec<_> = contents.iter().map(|content| (content.name.as_str(), content.tag.as_str())).collect();
        let taken = taken_names::metrics(conn, &pairs).await?;
        let groups = groups::by_names(conn, GroupKind::Metrics, &of(|it| &it.group)).await?;
        Ok(Self {
            labels: metrics::labels(conn).await?,
            groups: groups.into_iter().map(|(id, name)| (name, id)).collect(),
            probe_versions: probes::version_ids(conn, &of(|it| &it.probe)).await?,
            own_probe_versions: metrics::probe_version_ids(conn, ids).await?,
            taken: taken.into_iter().map(|(name, tag, id)| ((name, tag), id)).collect(),
            claimed: HashSet::new(),
        })
    }

    /// Checks the content and resolves its names; reports all errors at once.
    ///
    /// `source` is the metric that the form was opened with, as (id, content); `before` is the metric that is changed.
    pub fn check(
        &mut self,
        content: &MetricContent,
        source: Option<(i64, &MetricContent)>,
        (before, mut errors): (Option<&MetricContent>, ValidationErrors),
    ) -> Result<ChosenIds, SaveError> {
        let pair = (content.name.clone(), content.tag.clone());
        let own_id = before.and(source).map(|(id, _)| id);
        if self.claimed.contains(&pair) || self.taken.get(&pair).is_some_and(|id| Some(*id) != own_id) {
            errors.add(Place::Field("name"), words::exists("Metric", "Name and Tag"));
        }
        content.check_type(before, &mut errors);
        let probe_version_id = self.probe_version(&content.probe, source, &mut errors);
        let tag_id = known_id(&self.labels.tags, "tag", &content.tag, &mut errors);
        let metric_type_id = known_id(&self.labels.types, "mtype", &content.metric_type, &mut errors);
        // Required for superusers too, unless a loaded metric has none.
        let needs_group = before.is_none_or(|before| !before.group.is_empty());
        if content.group.is_empty() && needs_group && errors.of(Place::Field("group")).is_empty() {
            errors.add(Place::Field("group"), words::REQUIRED);
        }
        let group_id = match content.group.is_empty() {
            true => None,
            false => known_id(&self.groups, "group", &content.group, &mut errors),
        };
        match (errors.is_empty(), tag_id, metric_type_id) {
            (true, Some(tag_id), Some(metric_type_id)) => {
                self.claimed.insert(pair);
                Ok(ChosenIds { tag_id, metric_type_id, group_id, probe_version_id })
            }
            _ => Err(errors.into()),
        }
    }

    /// Returns the id of the probe version with this label, `None` for ''.
    ///
    /// An unchanged label is taken from `source`: its probe may have been removed.
    fn probe_version(
        &self,
        label: &str,
        source: Option<(i64, &MetricContent)>,
        errors: &mut ValidationErrors,
    ) -> Option<i64> {
        if label.is_empty() {
            return None;
        }
        match source.filter(|(_, before)| before.probe == label) {
            Some((id, _)) => self.own_probe_versions.get(&id).copied(),
            None => known_id(&self.probe_versions, "probeversion", label, errors),
        }
    }
}
