//! The block “Needs attention” of the index: each kind of need with its number of objects, and a link to their list.

use chrono::Utc;
use sqlx::PgConnection;

use super::crud::RequestContext;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::sync_status::SyncStatus;
use crate::store::Result;
use crate::store::needs::{self, NeedCount};
use crate::templates::Link;
use crate::templates::index_page::AttentionLine;

/// The filter of the lists; its values are the needs of the view `need`.
const FILTER: &str = "needs";
/// The place of the index that shows the synchronizations.
const SYNC: &str = "#sync";

/// A need, and what is said about one object and about several.
struct Need {
    kind: ObjectKind,
    name: &'static str,
    one: &'static str,
    many: &'static str,
}

/// All needs, in the order of the block. Each is a choice of the filter of its list.
const NEEDS: [Need; 6] = [
    Need {
        kind: ObjectKind::Metric,
        name: "no-probe",
        one: "active metric has no probe version",
        many: "active metrics have no probe version",
    },
    Need {
        kind: ObjectKind::Metric,
        name: "no-parent",
        one: "passive metric has no parent",
        many: "passive metrics have no parent",
    },
    Need {
        kind: ObjectKind::Metric,
        name: "dangling",
        one: "metric names a parent or dependency that does not exist",
        many: "metrics name a parent or dependency that does not exist",
    },
    Need {
        kind: ObjectKind::Metric,
        name: "not-a-number",
        one: "metric has an interval or timeout that is no number",
        many: "metrics have an interval or timeout that is no number",
    },
    Need {
        kind: ObjectKind::Profile,
        name: "unconfigured",
        one: "profile names metrics without configuration",
        many: "profiles name metrics without configuration",
    },
    Need {
        kind: ObjectKind::ApiKey,
        name: "unused",
        one: "API key was not used for 90 days",
        many: "API keys were not used for 90 days",
    },
];

/// Returns the lines of the block; empty if nothing needs attention.
pub async fn lines(
    conn: &mut PgConnection,
    context: &RequestContext<'_>,
    states: &[SyncStatus],
) -> Result<Vec<AttentionLine>> {
    let counts = needs::counts(conn).await?;
    let mut lines: Vec<AttentionLine> = NEEDS.iter().filter_map(|need| line(context, need, &counts)).collect();
    let now = Utc::now();
    let failing = states.iter().filter(|status| status.needs_attention(now)).count() as i64;
    if failing > 0 {
        let words = if failing == 1 { "synchronization fails" } else { "synchronizations fail" };
        lines.push(AttentionLine { count: failing, link: Link::new(words, SYNC) });
    }
    Ok(lines)
}

fn line(context: &RequestContext<'_>, need: &Need, counts: &[NeedCount]) -> Option<AttentionLine> {
    let found = counts.iter().find(|count| count.kind == need.kind.as_str() && count.need == need.name)?;
    let words = if found.objects == 1 { need.one } else { need.many };
    let list = context.at().filtered(need.kind, FILTER, need.name);
    Some(AttentionLine { count: found.objects, link: Link::new(words, list) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::crud::FilterSource;
    use crate::admin::entities::entity;

    #[test]
    fn every_need_is_a_choice_of_its_list() {
        let declared = ObjectKind::all().filter_map(entity).flat_map(|entity| {
            let options = entity.options();
            let choices = options.list.filters.iter().filter_map(|filter| match filter.source {
                FilterSource::Needs(choices) if filter.name == FILTER => Some(choices),
                _ => None,
            });
            choices.flatten().map(|(need, _)| (options.kind, *need)).collect::<Vec<_>>()
        });
        let mut declared: Vec<_> = declared.collect();
        let mut shown: Vec<_> = NEEDS.iter().map(|need| (need.kind, need.name)).collect();
        declared.sort_by_key(|(kind, need)| (kind.as_str(), *need));
        shown.sort_by_key(|(kind, need)| (kind.as_str(), *need));
        assert_eq!(declared, shown);
    }
}
