//! The form of an object: empty, filled, filled from another or from an old version; to be saved, or only to be read.

use rocket::http::Status;
use sqlx::PgConnection;

use super::about::Restore;
use super::answer::{self, Answered};
use super::entity::{Declared, Found};
use super::visit::Visit;
use super::widgets::{self, Form};
use crate::domain::form::field::{Field, Kind};
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::Rejection;
use crate::domain::model::policy::Wish;
use crate::error::{AppError, NOT_FOUND};
use crate::pages::form::{self as pages, Conflict, Fact, FormPage};
use crate::pages::{Link, Page};
use crate::store::versions::{self, VersionRow};

/// Which form: of a new object, a copy, or one that exists.
pub enum Purpose<'a, C> {
    Add,
    Clone { of: &'a Found<C> },
    Change { of: &'a Found<C> },
}

/// What a form shows beside what it is for.
pub struct Shown<'a> {
    pub draft: &'a Draft,
    pub rejection: &'a Rejection,
    /// Revision and content (as JSON) that the form was opened with first; `None`: it is opened now.
    pub opened: Option<(String, String)>,
    pub conflict: Option<Conflict>,
    /// Names of the ticks that are set; `None`: all, as a form begins.
    pub ticks: Option<&'a [&'static str]>,
    pub more_rows: Option<&'a str>,
    /// What is shown this once; '' else.
    pub secret: String,
    /// What has to be known of what it is filled with, which is saved nowhere; '' where there is nothing to say.
    pub notice: String,
    pub status: Status,
}

impl<'a> Shown<'a> {
    pub fn fresh(draft: &'a Draft, rejection: &'a Rejection) -> Self {
        Self {
            draft,
            rejection,
            opened: None,
            conflict: None,
            ticks: None,
            more_rows: None,
            secret: String::new(),
            notice: String::new(),
            status: Status::Ok,
        }
    }
}

pub async fn add<D: Declared>(entity: &D, visit: &Visit<'_>) -> Answered {
    let draft = Draft::of(entity.fields(), &entity.blank());
    again(entity, visit, None, Shown::fresh(&draft, &Rejection::default())).await
}

/// The form of a new object, or of a copy of another, as somebody has filled it.
pub async fn again<D: Declared>(entity: &D, visit: &Visit<'_>, clone_of: Option<i64>, shown: Shown<'_>) -> Answered {
    let Some(original) = clone_of else {
        visit.may(entity.about().kind, Wish::StartAdding)?;
        let mut tx = visit.read().await?;
        return show(tx.conn(), entity, visit, Purpose::Add, shown).await;
    };
    let mut tx = visit.read().await?;
    let found = original_of(tx.conn(), entity, visit, original).await?;
    show(tx.conn(), entity, visit, Purpose::Clone { of: &found }, shown).await
}

pub async fn change<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64) -> Answered {
    visit.may(entity.about().kind, Wish::View)?;
    let mut tx = visit.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let nothing = Rejection::default();
    if let Some((row, content)) = restored(tx.conn(), entity, visit, &found).await? {
        let draft = Draft::of(entity.fields(), &content);
        let label = if row.label.is_empty() { visit.time(row.created).0 } else { row.label };
        let notice = format!("Filled with the version {label}. Nothing is saved yet.");
        let shown = Shown { notice, ..Shown::fresh(&draft, &nothing) };
        return show(tx.conn(), entity, visit, Purpose::Change { of: &found }, shown).await;
    }
    let draft = Draft::of(entity.fields(), &found.loaded.content);
    show(tx.conn(), entity, visit, Purpose::Change { of: &found }, Shown::fresh(&draft, &nothing)).await
}

/// The old version that the form shall be filled with, where the address names one and the viewer may save it.
async fn restored<D: Declared>(
    conn: &mut PgConnection,
    entity: &D,
    visit: &Visit<'_>,
    found: &Found<D::Content>,
) -> Result<Option<(VersionRow, D::Content)>, AppError> {
    let Some(version) = visit.query("restore").filter(|_| entity.about().restore == Restore::InForm) else {
        return Ok(None);
    };
    let version = version.parse().map_err(|_| NOT_FOUND)?;
    visit.may(entity.about().kind, Wish::StartChanging { group: entity.group(&found.loaded.content) })?;
    Ok(Some(old(conn, entity, (found.loaded.id, version)).await?))
}

/// A version of an object, and what the object was then; 404 where this object has not this version.
pub async fn old<D: Declared>(
    conn: &mut PgConnection,
    entity: &D,
    (id, version): (i64, i64),
) -> Result<(VersionRow, D::Content), AppError> {
    let version = versions::get(conn, version).await?.filter(|version| version.object_id == id).ok_or(NOT_FOUND)?;
    let row = VersionRow::of(&version);
    let content = entity.version(version.content).ok_or(NOT_FOUND)?;
    Ok((row, content))
}

pub async fn clone_of<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64) -> Answered {
    let mut tx = visit.read().await?;
    let found = original_of(tx.conn(), entity, visit, id).await?;
    let draft = Draft::of(entity.fields(), &found.loaded.content);
    show(tx.conn(), entity, visit, Purpose::Clone { of: &found }, Shown::fresh(&draft, &Rejection::default())).await
}

/// What shall be cloned, where the viewer may.
async fn original_of<D: Declared>(
    conn: &mut PgConnection,
    entity: &D,
    visit: &Visit<'_>,
    id: i64,
) -> Result<Found<D::Content>, AppError> {
    let about = entity.about();
    if !about.can_clone {
        return Err(NOT_FOUND);
    }
    let found = entity.find(conn, id).await?.ok_or(NOT_FOUND)?;
    visit.may(about.kind, Wish::Clone { group: entity.group(&found.loaded.content) })?;
    Ok(found)
}

/// The page of a form.
pub async fn show<D: Declared>(
    conn: &mut PgConnection,
    entity: &D,
    visit: &Visit<'_>,
    purpose: Purpose<'_, D::Content>,
    shown: Shown<'_>,
) -> Answered {
    let read_only = read_only(entity, visit, &purpose);
    let blank = entity.blank();
    let (content, exists) = match &purpose {
        Purpose::Add => (&blank, false),
        Purpose::Clone { of } => (&of.loaded.content, false),
        Purpose::Change { of } => (&of.loaded.content, true),
    };
    let form = Form {
        draft: shown.draft,
        rejection: shown.rejection,
        exists,
        read_only: read_only.is_some(),
        more_rows: shown.more_rows,
    };
    let sources = match &visit.viewer {
        Some(viewer) if read_only.is_none() => {
            let held_by = if exists { entity.name(content) } else { String::new() };
            widgets::sources(conn, entity, viewer, &held_by).await?
        }
        _ => widgets::Sources::new(),
    };
    let facts = match &purpose {
        Purpose::Change { of } => entity.facts(conn, &of.loaded, visit).await?,
        _ => Vec::new(),
    };
    let status = shown.status;
    let page = form_page(entity, visit, &purpose, (shown, form, sources), (read_only, facts));
    let chrome = chrome(entity, visit, &purpose, &page.heading);
    answer::page_with(Page::new(chrome, page), status)
}

fn form_page<D: Declared>(
    entity: &D,
    visit: &Visit<'_>,
    purpose: &Purpose<'_, D::Content>,
    (shown, form, sources): (Shown<'_>, Form<'_>, widgets::Sources),
    (read_only, facts): (Option<String>, Vec<Fact>),
) -> FormPage {
    let about = entity.about();
    let (verb, action, object) = match purpose {
        Purpose::Add => ("Add", visit.at().addition(about.kind), String::new()),
        Purpose::Clone { of } => ("Clone", visit.at().clone_of(about.kind, of.loaded.id), of.name.clone()),
        Purpose::Change { of } => {
            let verb = if read_only.is_some() { "View" } else { "Change" };
            (verb, visit.at().change(about.kind, of.loaded.id), of.name.clone())
        }
    };
    let (revision, base) = match (purpose, shown.opened) {
        (Purpose::Change { .. }, Some(opened)) if read_only.is_none() => opened,
        (Purpose::Change { of }, None) if read_only.is_none() => {
            (of.loaded.revision.to_string(), base_of(&of.loaded.content))
        }
        _ => (String::new(), String::new()),
    };
    let ticks = match purpose {
        Purpose::Change { .. } if read_only.is_none() => {
            widgets::ticks(about.ticks, |name| shown.ticks.is_none_or(|set| set.contains(&name)))
        }
        _ => Vec::new(),
    };
    FormPage {
        heading: format!("{verb} {}", about.one),
        object,
        action,
        revision,
        base,
        read_only: read_only.unwrap_or_default(),
        is_unsaved: !shown.notice.is_empty() || !shown.rejection.is_empty() || form.more_rows.is_some(),
        notice: shown.notice,
        complaint: pages::complaint(shown.rejection),
        problems: pages::problems(shown.rejection, |name| named(entity.fields(), name)),
        conflict: shown.conflict,
        fieldsets: widgets::fieldsets(entity, visit, &form, &sources),
        ticks,
        facts,
        tools: tools(entity, visit, purpose),
        delete: delete(entity, visit, purpose),
        secret: shown.secret,
    }
}

/// The label and the first column of a field; '' where there is none.
fn named<C>(fields: &[Field<C>], name: &str) -> (&'static str, &'static str) {
    let Some(field) = fields.iter().find(|field| field.name == name) else { return ("", "") };
    let column = match field.kind {
        Kind::Rows { columns, .. } => columns.first().map_or("", |column| column.name),
        _ => "",
    };
    (field.label, column)
}

/// The content as JSON, for the view of a conflict.
pub fn base_of<C: serde::Serialize>(content: &C) -> String {
    serde_json::to_string(content).unwrap_or_default()
}

/// Why nothing can be typed, and whom to ask.
fn read_only<D: Declared>(entity: &D, visit: &Visit<'_>, purpose: &Purpose<'_, D::Content>) -> Option<String> {
    let Purpose::Change { of } = purpose else { return None };
    let group = entity.group(&of.loaded.content);
    let Some(viewer) = &visit.viewer else { return Some("This is a public, read-only page.".to_owned()) };
    let denial =
        crate::domain::model::policy::decide(viewer, entity.about().kind, Wish::StartChanging { group }).err()?;
    let whom = match group {
        "" => "It is in no group: a superuser can change it.".to_owned(),
        group => format!("Members of the group {group}, and superusers, can change it."),
    };
    Some(format!("{denial} {whom}"))
}

fn tools<D: Declared>(entity: &D, visit: &Visit<'_>, purpose: &Purpose<'_, D::Content>) -> Vec<Link> {
    let Purpose::Change { of } = purpose else { return Vec::new() };
    let (about, at, id) = (entity.about(), visit.at(), of.loaded.id);
    let may_clone =
        about.can_clone && visit.wishes(about.kind, Wish::Clone { group: entity.group(&of.loaded.content) });
    // Without login there is the history of what has versions.
    let has_history = visit.viewer.is_some() || about.has_versions();
    let history = has_history.then(|| Link::new("History", at.history(about.kind, id)));
    let clone = may_clone.then(|| Link::new("Clone", at.clone_of(about.kind, id)));
    history.into_iter().chain(clone).collect()
}

fn delete<D: Declared>(entity: &D, visit: &Visit<'_>, purpose: &Purpose<'_, D::Content>) -> Option<Link> {
    let Purpose::Change { of } = purpose else { return None };
    let kind = entity.about().kind;
    visit
        .wishes(kind, Wish::Delete { group: entity.group(&of.loaded.content) })
        .then(|| Link::new("Delete", visit.at().delete(kind, of.loaded.id)))
}

fn chrome<D: Declared>(
    entity: &D,
    visit: &Visit<'_>,
    purpose: &Purpose<'_, D::Content>,
    heading: &str,
) -> crate::pages::Chrome {
    let about = entity.about();
    let list = visit.at().list(about.kind);
    match purpose {
        Purpose::Add => visit.chrome(heading, &[(about.many, &list), (heading, "")]),
        Purpose::Change { of } => {
            visit.chrome(&format!("{} | {}", of.name, about.title()), &[(about.many, &list), (&of.name, "")])
        }
        Purpose::Clone { of } => {
            let original = visit.at().change(about.kind, of.loaded.id);
            visit.chrome(heading, &[(about.many, &list), (&of.name, &original), ("Clone", "")])
        }
    }
}
