//! The tabs of an object: links to its pages, with the current one marked.

use serde::Serialize;

/// A page of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectTab {
    /// The object, read-only.
    View,
    /// Its form.
    Edit,
    /// Its history, versions and comparisons of these.
    History,
    /// The objects that use it.
    UsedBy,
    /// Its content as JSON.
    Json,
}

impl ObjectTab {
    /// Returns the text of the tab.
    pub fn label(self) -> &'static str {
        match self {
            Self::View => "View",
            Self::Edit => "Edit",
            Self::History => "History",
            Self::UsedBy => "Used by",
            Self::Json => "JSON",
        }
    }

    /// Returns the key that opens the tab; empty if there is none.
    fn shortcut(self) -> &'static str {
        if self == Self::Edit { "e" } else { "" }
    }
}

/// One tab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TabLink {
    /// The text of the tab.
    pub label: &'static str,
    /// The address of the page.
    pub href: String,
    /// The attribute `aria-current`: "page" for the page itself, "true" for a page below it, else empty.
    pub current: &'static str,
    /// The key that opens the tab; empty if there is none.
    pub shortcut: &'static str,
}

/// The tabs of an object, from left to right; empty for a new object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ObjectTabs(pub Vec<TabLink>);

impl ObjectTabs {
    /// Returns the tabs with these addresses. `current` is the tab of the page at `path`, which may be below the tab's.
    pub fn new(tabs: impl Iterator<Item = (ObjectTab, String)>, current: ObjectTab, path: &str) -> Self {
        let tab = |(tab, href): (ObjectTab, String)| {
            let is_page = href.split('?').next() == path.split('?').next();
            let current = match (tab == current, is_page) {
                (false, _) => "",
                (true, true) => "page",
                (true, false) => "true",
            };
            TabLink { label: tab.label(), href, current, shortcut: tab.shortcut() }
        };
        Self(tabs.map(tab).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tab_of_the_page_is_marked() {
        let tabs = |current, path| {
            let all = [(ObjectTab::View, "/x/1/?_list=a"), (ObjectTab::History, "/x/1/history/")];
            let tabs = ObjectTabs::new(all.into_iter().map(|(tab, href)| (tab, href.to_owned())), current, path);
            tabs.0.iter().map(|tab| tab.current).collect::<Vec<_>>()
        };
        assert_eq!(tabs(ObjectTab::View, "/x/1/"), ["page", ""]);
        assert_eq!(tabs(ObjectTab::History, "/x/1/history/7/"), ["", "true"]);
    }
}
