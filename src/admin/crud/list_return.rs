//! The way back: a page that was opened from a list leads back to the list as it was.
//!
//! The address of such a page has the query of the list in a parameter. It is read like the query of a list, so it can lead
//! to a list of this kind only.

use super::list_query::ListQuery;
use super::options::EntityOptions;
use super::request_context::RequestContext;
use crate::templates::list_page::Cell;

/// The parameter of the address with the query of the list from which a page was opened.
pub const LIST: &str = "_list";

/// Returns the address of the list from which the page was opened, or of the whole list.
pub fn address(options: &EntityOptions, context: &RequestContext<'_>) -> String {
    let base = context.at().list(options.kind);
    match context.query(LIST).filter(|_| context.viewer.is_some()) {
        Some(query) => {
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            ListQuery::of(&options.list, &pairs, false).whole_address(&options.list, &base)
        }
        None => base,
    }
}

/// Returns what a cached page depends on that leads back to a list. Public pages do not.
pub fn cache_key(context: &RequestContext<'_>) -> String {
    context.viewer.as_ref().map_or_else(String::new, |_| context.known_query(&[LIST]))
}

/// Returns the address of another page that leads back to the same list as this page.
pub fn carry(options: &EntityOptions, context: &RequestContext<'_>, to: String) -> String {
    with_list(to, &address(options, context))
}

/// Makes the links of a list's rows to their objects lead back to the list; `list` is its address.
///
/// Public pages do not: they are cached, and would be cached once for every list.
pub fn from_rows(context: &RequestContext<'_>, rows: &mut [Vec<Cell>], list: &str) {
    let base = list.split('?').next().unwrap_or_default();
    let links = rows.iter_mut().filter_map(|row| row.first_mut()).filter(|cell| cell.href.starts_with(base));
    for cell in links.filter(|_| context.viewer.is_some()) {
        cell.href = with_list(std::mem::take(&mut cell.href), list);
    }
}

/// Appends the query of a list's address to another address; nothing if the list is shown as a whole.
pub fn with_list(mut to: String, list: &str) -> String {
    if let Some((_, query)) = list.split_once('?') {
        to.push(if to.contains('?') { '&' } else { '?' });
        to += &form_urlencoded::Serializer::new(String::new()).append_pair(LIST, query).finish();
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_the_query_of_the_list() {
        assert_eq!(with_list("/x/1/change/".into(), "/x/"), "/x/1/change/");
        assert_eq!(with_list("/x/1/change/".into(), "/x/?q=a+b&o=-name"), "/x/1/change/?_list=q%3Da%2Bb%26o%3D-name");
    }
}
