//! The search over all objects of a tenant.

use sqlx::PgConnection;

use super::Result;
use super::text::{pattern, word};
use crate::domain::model::object_kind::{KINDS, KindInfo, ObjectKind};
use crate::domain::model::search_text::SearchText;

/// The kind of a search result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    /// An object with a page.
    Object(ObjectKind),
    /// A virtual organisation.
    Vo,
    /// A service flavour.
    ServiceFlavour,
}

/// The kinds of objects that a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchScope {
    /// What public pages show. (They show every text of these kinds that a search looks at.)
    Public,
    /// What every user may view.
    User,
    /// All kinds.
    Superuser,
}

/// A search, and the part of its results to return.
#[derive(Debug, Clone, Copy)]
pub struct SearchParams<'a> {
    /// The text that is searched for; an empty one finds nothing.
    pub text: &'a SearchText,
    /// The kinds that are searched.
    pub scope: SearchScope,
    /// The only kind that is searched; `None` for all kinds of the scope.
    pub kind: Option<FoundKind>,
    /// The number of the page, the same for every kind, from 1; after the last page of a kind, its last.
    pub page: i64,
    /// The number of results of each kind on a page.
    pub page_size: i64,
}

/// One search result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchResult {
    /// The kind of the result.
    pub kind: FoundKind,
    /// The id: a number, or a text for services, VOs and flavours.
    pub id: String,
    /// The name; of metrics `NAME (TAG)`, of profiles `NAME (VERSION)`.
    pub name: String,
    /// A description, at most 120 characters; '' if there is none.
    pub note: String,
    /// The number of all results of this kind, not only of those returned.
    pub total: i64,
    /// The texts with the words that are not in the name, each once; empty if all words are in the name.
    pub found_in: Vec<FoundText>,
}

/// A text of an object in which words of a search were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundText {
    /// The place of the text as the view `object_text` names it, such as `repository`, `flags` or `tuple`; `note` for the
    /// note of an object that has no number.
    pub place: String,
    /// The key of a setting, the service flavour of a tuple; '' for all other places.
    pub key: String,
    /// The text; of a setting its value.
    pub text: String,
}

/// The kinds of the view `object` that are no [`ObjectKind`], and are found.
const VO: &str = "vo";
const SERVICE_FLAVOUR: &str = "serviceflavour";
/// The kinds that are found first; all others follow in the order of [`KINDS`].
const FIRST: [&str; 6] = ["metric", "probe", "profile", "service", VO, SERVICE_FLAVOUR];

impl FoundKind {
    /// Returns the word of the kind in the view `object` and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object(kind) => kind.as_str(),
            Self::Vo => VO,
            Self::ServiceFlavour => SERVICE_FLAVOUR,
        }
    }

    /// Returns the kind of a word; `None` if nothing of this kind is found.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            VO => Some(Self::Vo),
            SERVICE_FLAVOUR => Some(Self::ServiceFlavour),
            object => object.parse().ok().map(Self::Object),
        }
    }
}

impl SearchScope {
    /// Returns the words of the kinds in the order of the results. What no group owns and no public page shows is for
    /// superusers.
    fn kinds(self) -> impl Iterator<Item = &'static str> {
        let is_seen = move |info: &KindInfo| match self {
            Self::Public => info.is_public,
            Self::User => info.is_public || info.owner.is_some(),
            Self::Superuser => true,
        };
        let has = move |slug: &str| KINDS.iter().find(|info| info.slug == slug).map_or(self != Self::Public, is_seen);
        let others = KINDS.iter().map(|info| info.slug).filter(|slug| !FIRST.contains(slug));
        FIRST.into_iter().chain(others).filter(move |slug| has(slug))
    }
}

/// Returns the objects that contain all words of the text in any order, case-insensitively: a page of each kind, sorted by
/// kind.
///
/// In each kind, exact matches of the name come first, then names that begin with the text, then names with all words, then
/// the others by name. What is searched in addition to the names is in the view `object_text`; it is read only for objects
/// whose names have not all words. The places of the words are looked up only for the results that are returned.
pub async fn everything(conn: &mut PgConnection, params: SearchParams<'_>) -> Result<Vec<SearchResult>> {
    let is_searched = |kind: &&str| params.kind.is_none_or(|only| only.as_str() == *kind);
    let kinds: Vec<String> = params.scope.kinds().filter(is_searched).map(str::to_owned).collect();
    let patterns: Vec<String> = params.text.words().iter().map(|word| pattern(word)).collect();
    let rows = sqlx::query_as!(
        SearchRow,
        r#"SELECT found.kind AS "kind!", found.id AS "id!", found.label AS "label!", left(found.note, 120) AS "note!",
                  found.total AS "total!", seen.places AS "places!", seen.keys AS "keys!", seen.texts AS "texts!"
           FROM (
               SELECT o.kind, o.number, o.id, o.label, o.note, count(*) OVER (PARTITION BY o.kind) AS total,
                      row_number() OVER (PARTITION BY o.kind ORDER BY
                          o.name !~ ('^' || $1 || '$'), o.name !~ ('^' || $1), NOT o.label ~ ALL ($3),
                          lower(o.label COLLATE "C"), o.label COLLATE "C", o.id COLLATE "C") AS place
               FROM object o
               WHERE o.kind = ANY ($2) AND $1 <> ''
                 AND (o.label ~ ALL ($3) OR concat_ws(E'\n', o.label, o.searched) ~ ALL ($3))
           ) found
           CROSS JOIN LATERAL (SELECT ARRAY(SELECT w FROM unnest($3) w WHERE found.label !~ w) AS missing) label
           CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(place), '{}') AS places, coalesce(array_agg(key), '{}') AS keys,
                      coalesce(array_agg(text), '{}') AS texts
               FROM (
                   SELECT DISTINCT place, position, key, text
                   FROM (
                       SELECT DISTINCT ON (missed) t.place, t.position, t.key, t.text
                       FROM (
                           SELECT x.*, ARRAY(SELECT w FROM unnest(label.missing) w WHERE x.key || E'\n' || x.text ~ w) AS words
                           FROM (
                               SELECT x.place, x.position, x.key, x.text FROM object_text x
                               WHERE x.kind = found.kind AND x.number = found.number
                               UNION ALL
                               SELECT 'note', 0, '', found.note WHERE found.number IS NULL
                           ) x
                           WHERE cardinality(label.missing) > 0
                       ) t
                       CROSS JOIN LATERAL unnest(t.words) missed
                       ORDER BY missed, cardinality(t.words) DESC, t.place, t.position, t.key, t.text
                   ) of_words
                   ORDER BY place, position, key, text
               ) distinct_texts
           ) seen
           WHERE (found.place - 1) / $5 + 1 = least($4, (found.total - 1) / $5 + 1)
           ORDER BY array_position($2, found.kind), found.place"#,
        pattern(params.text.as_str()),
        &kinds,
        &patterns,
        params.page,
        params.page_size
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(SearchRow::result).collect()
}

/// A row of the search; the places, keys and texts are parallel.
struct SearchRow {
    kind: String,
    id: String,
    label: String,
    note: String,
    total: i64,
    places: Vec<String>,
    keys: Vec<String>,
    texts: Vec<String>,
}

impl SearchRow {
    fn result(self) -> Result<SearchResult> {
        let texts = self.places.into_iter().zip(self.keys).zip(self.texts);
        Ok(SearchResult {
            kind: match FoundKind::parse(&self.kind) {
                Some(kind) => kind,
                None => word(&self.kind).map(FoundKind::Object)?,
            },
            id: self.id,
            name: self.label,
            note: self.note,
            total: self.total,
            found_in: texts.map(|((place, key), text)| FoundText { place, key, text }).collect(),
        })
    }
}
