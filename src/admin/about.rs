//! The page about the tenant and this POEM, for users and visitors.

use chrono::Utc;

use super::crud::{PageResult, RequestContext, response};
use crate::domain::model::object_kind::{KINDS, KindInfo};
use crate::domain::model::policy::Action;
use crate::domain::model::synced_list::SyncedList;
use crate::store::counts::{self, Counts};
use crate::store::users;
use crate::templates::about_page::AboutPage;
use crate::templates::index_page::IndexRow;
use crate::templates::sync_line::SyncLine;
use crate::templates::{Link, Page};

/// Returns the page. Visitors see the public lists, and neither users nor the reasons of failures.
pub async fn page(context: &RequestContext<'_>) -> PageResult {
    let mut tx = context.read().await?;
    let counts = counts::all(tx.conn()).await?;
    let superusers = match context.viewer {
        Some(_) => users::superusers(tx.conn()).await?,
        None => Vec::new(),
    };
    tx.commit().await?;
    let tenant = context.tenant.tenant();
    let content = AboutPage {
        tenant: tenant.name.clone(),
        host: tenant.domain_url.clone().unwrap_or_default(),
        namespace: context.namespace(),
        contact: contact(&context.config.general_of(&tenant.name).contact),
        superusers,
        counts: KINDS.iter().filter_map(|info| row(context, info, &counts)).collect(),
        sync: sync_lines(context),
    };
    response::page(Page::new(context.layout("About", &[("About", "")]), content))
}

/// Returns the line of a list; `None` if the viewer may not open it.
fn row(context: &RequestContext<'_>, info: &KindInfo, counts: &Counts) -> Option<IndexRow> {
    let address = context.at().list(info.kind);
    let is_open = !address.is_empty() && context.allows(info.kind, Action::View);
    is_open.then(|| IndexRow { list: Link::new(info.many, address), add: None, count: counts.of(info.kind) })
}

/// Describes the states of the feeds, as of the last poll.
fn sync_lines(context: &RequestContext<'_>) -> Vec<SyncLine> {
    let (now, schema, is_public) = (Utc::now(), context.tenant.schema(), context.viewer.is_none());
    let lists = SyncedList::ALL.into_iter().filter(|list| !is_public || matches!(list, SyncedList::Feed(_)));
    let line = |list| {
        let status = context.feeds.of(schema, list);
        let line = SyncLine::new(list, status.as_ref(), now, |time| context.time(time));
        if is_public { SyncLine { problem: String::new(), ..line } } else { line }
    };
    lists.map(line).collect()
}

/// Returns the link to a contact: an e-mail address, an address of the web, or words; `None` for an empty text.
fn contact(text: &str) -> Option<Link> {
    let is_email = text.contains('@') && !text.contains(|c: char| c.is_whitespace() || c == ':' || c == '/');
    let href = match text {
        "" => return None,
        _ if text.starts_with("https://") || text.starts_with("http://") => text.to_owned(),
        _ if is_email => format!("mailto:{text}"),
        _ => String::new(),
    };
    Some(Link::new(text, href))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_a_link_if_it_is_an_address() {
        for (text, href) in [
            ("poem@example.org", "mailto:poem@example.org"),
            ("https://example.org/help", "https://example.org/help"),
            ("The helpdesk, room 3", ""),
            ("javascript:alert(1)@x", ""),
        ] {
            assert_eq!(contact(text), Some(Link::new(text, href)));
        }
        assert_eq!(contact(""), None);
    }
}
