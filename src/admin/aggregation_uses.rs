//! The POEM profile that the metric profile of an aggregation profile was made from, and whether the two agree.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::crud::RequestContext;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::version::compare_labels;
use crate::store::Result;
use crate::store::profiles::{self, ProfileRow};
use crate::templates::Link;
use crate::templates::form_page::InfoLine;

/// The most names in a sentence; further ones are counted.
const MOST_NAMES: usize = 10;

/// Returns the line about the POEM profile of the name of a metric profile; `None` if there is none.
///
/// Metric profiles have the name of the POEM profile, or that with the namespace before it.
pub(super) async fn line(
    conn: &mut PgConnection,
    context: &RequestContext<'_>,
    metric_profile: &MetricProfileDefinition,
) -> Result<Option<InfoLine>> {
    let Some(profile) = named(conn, context, &metric_profile.name).await? else { return Ok(None) };
    let tuples = profiles::tuples(conn, &[profile.id]).await?;
    let here: BTreeSet<&str> = tuples.iter().map(|(_, tuple)| tuple.service_flavour.as_str()).collect();
    let there: BTreeSet<&str> = metric_profile.service_flavours().into_iter().collect();
    let only = |of: &BTreeSet<&str>, other: &BTreeSet<&str>, place: &str| {
        let names: Vec<&str> = of.difference(other).copied().collect();
        (!names.is_empty()).then(|| sentence(&names, place))
    };
    let differences: Vec<String> =
        [only(&here, &there, "POEM"), only(&there, &here, "the metric profile")].into_iter().flatten().collect();
    let text = match differences.is_empty() {
        true => "It has the same service flavours.".to_owned(),
        false => differences.join(" "),
    };
    let link = Link::new(profile.name.as_str(), context.at().view(ObjectKind::Profile, profile.id));
    Ok(Some(InfoLine { label: "POEM profile".to_owned(), text, links: vec![link] }))
}

/// Returns the POEM profile of a name, also without the namespace before it; of several versions the highest.
async fn named(conn: &mut PgConnection, context: &RequestContext<'_>, name: &str) -> Result<Option<ProfileRow>> {
    let namespace = context.namespace();
    let short = name.strip_prefix(&namespace).and_then(|rest| rest.strip_prefix('.')).filter(|_| !namespace.is_empty());
    for name in std::iter::once(name).chain(short) {
        let rows = profiles::list(conn, Some(name)).await?;
        if let Some(highest) = rows.into_iter().max_by(|a, b| compare_labels(&a.version, &b.version)) {
            return Ok(Some(highest));
        }
    }
    Ok(None)
}

/// `2 service flavours are only in POEM: CREAM-CE, SRM.`
fn sentence(names: &[&str], place: &str) -> String {
    let flavours = if names.len() == 1 { "service flavour is" } else { "service flavours are" };
    let listed = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} {flavours} only in {place}: {listed}{more}.", names.len())
}
