//! The form of an object: blank, or filled with the object, with the original of a copy, or with an old version;
//! editable or read-only.

use rocket::http::Status;
use sqlx::PgConnection;

use super::entity_admin::{CellLinks, EntityAdmin};
use super::form_places;
use super::list_return;
use super::named_object::NamedObject;
use super::object_tabs;
use super::old_version::old;
use super::options::Restore;
use super::remote_store::RemotePart;
use super::remote_view;
use super::request_context::RequestContext;
use super::response::{self, PageResult};
use super::widgets::{self, FormInput};
use crate::blocking::in_place;
use crate::domain::form::edit::Focus;
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::Action;
use crate::error::{AppError, NOT_FOUND};
use crate::store::versions::VersionRow;
use crate::templates::form_page::{self as pages, ConflictView, FormPage, InfoLine, NewNamesView, Renewal};
use crate::templates::object_tabs::ObjectTab;
use crate::templates::urls::DELETED;
use crate::templates::{Link, Page};

/// The parameter of the address with the version to restore.
pub const RESTORE: &str = "restore";

/// Returns what the cached page of an object depends on. Public pages neither restore nor lead back to a list.
pub fn cache_key(context: &RequestContext<'_>) -> String {
    match context.viewer {
        Some(_) => context.known_query(&[RESTORE, list_return::LIST]),
        None => String::new(),
    }
}

/// The mode of a form: a new object, a copy, or an existing object.
pub enum FormMode<'a, C> {
    /// A new object.
    Add,
    /// A copy of an object.
    Clone {
        /// The original.
        of: &'a NamedObject<C>,
    },
    /// An existing object.
    Change {
        /// The object as it is saved now.
        of: &'a NamedObject<C>,
    },
}

/// The input that a form shows, with its errors and messages.
pub struct FormView<'a> {
    /// The values of the fields.
    pub draft: &'a Draft,
    /// The errors of the fields; empty at first.
    pub errors: &'a ValidationErrors,
    /// The revision and the content (as JSON) that the form was first opened with; `None` if it is opened now.
    pub opened: Option<(String, String)>,
    /// The changes of others, after a save conflict; else `None`.
    pub conflict: Option<ConflictView>,
    /// The names of the save options that are ticked; `None` for all, as in a form that is opened now.
    pub ticks: Option<&'a [&'static str]>,
    /// The field that needs more blank rows; `None` if no button for it was pressed.
    pub more_rows: Option<&'a str>,
    /// The field whose groups a button has changed, and where the focus goes; `None` if none was pressed.
    pub focus: Option<(&'static str, Focus)>,
    /// A secret that is shown only once; else empty.
    pub secret: String,
    /// The button that makes a new secret, after the same form was sent twice; else `None`.
    pub renewal: Option<Renewal>,
    /// The origin of the values in the form, if they are not the saved ones; else empty.
    pub notice: String,
    /// The question whether to add new names; `None` if there is none.
    pub new_names: Option<NewNamesView>,
    /// What another server says that stores the object as well.
    pub remote: RemotePart,
    /// The HTTP status of the page.
    pub status: Status,
}

impl<'a> FormView<'a> {
    /// Returns a view of this input and these errors, without any message, with status 200.
    pub fn fresh(draft: &'a Draft, errors: &'a ValidationErrors) -> Self {
        Self {
            draft,
            errors,
            opened: None,
            conflict: None,
            ticks: None,
            more_rows: None,
            focus: None,
            secret: String::new(),
            renewal: None,
            notice: String::new(),
            new_names: None,
            remote: RemotePart::default(),
            status: Status::Ok,
        }
    }
}

/// Returns the form of a new object.
pub async fn add<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>) -> PageResult {
    context.may(entity.options().kind, Action::StartAdding)?;
    let remote = remote_view::view(entity, context, None).await?.for_content(&entity.blank());
    let draft = Draft::of(entity.fields(), &entity.blank());
    let nothing = ValidationErrors::default();
    let shown = FormView { remote, ..FormView::fresh(&draft, &nothing) };
    again(entity, context, None, shown).await
}

/// Returns the form of a new object, or of a copy of another, with the input that was posted.
pub async fn again<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    clone_of: Option<i64>,
    shown: FormView<'_>,
) -> PageResult {
    let Some(original) = clone_of else {
        context.may(entity.options().kind, Action::StartAdding)?;
        let mut tx = context.read().await?;
        return show(tx.conn(), entity, context, FormMode::Add, shown).await;
    };
    let mut tx = context.read().await?;
    let found = original_of(tx.conn(), entity, context, original).await?;
    show(tx.conn(), entity, context, FormMode::Clone { of: &found }, shown).await
}

/// Returns the form of an object, or of one of its old versions with `?restore=VERSION`.
pub async fn change<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    context.may(entity.options().kind, Action::View)?;
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let (mut tx, found, view) = remote_view::opened(entity, context, tx, found).await?;
    let nothing = ValidationErrors::default();
    if let Some((row, content)) = restored(tx.conn(), entity, context, &found).await? {
        let draft = Draft::of(entity.fields(), &content);
        let label = if row.label.is_empty() { context.time(row.created).0 } else { row.label };
        let notice = format!("This is version {label}. Give it a new version number and save to restore it.");
        let remote = view.for_content(&content);
        let shown = FormView { notice, remote, ..FormView::fresh(&draft, &nothing) };
        return show(tx.conn(), entity, context, FormMode::Change { of: &found }, shown).await;
    }
    let draft = Draft::of(entity.fields(), &found.loaded.content);
    let shown = FormView { remote: view.for_content(&found.loaded.content), ..FormView::fresh(&draft, &nothing) };
    show(tx.conn(), entity, context, FormMode::Change { of: &found }, shown).await
}

/// Returns the form of an object with the button that makes a new secret for it.
pub async fn with_renewal<D: EntityAdmin>(
    conn: &mut PgConnection,
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
    renewal: Renewal,
) -> PageResult {
    let found = entity.find(conn, id).await?.ok_or(NOT_FOUND)?;
    let (draft, errors) = (Draft::of(entity.fields(), &found.loaded.content), ValidationErrors::default());
    let shown = FormView { renewal: Some(renewal), ..FormView::fresh(&draft, &errors) };
    show(conn, entity, context, FormMode::Change { of: &found }, shown).await
}

/// Returns the form of an object with a secret that is shown only once.
///
/// It is the response to the form that made the secret, and no redirect, so that the secret is not put into a cookie.
pub async fn with_secret<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
    secret: String,
) -> PageResult {
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let (draft, errors) = (Draft::of(entity.fields(), &found.loaded.content), ValidationErrors::default());
    let shown = FormView { secret, ..FormView::fresh(&draft, &errors) };
    show(tx.conn(), entity, context, FormMode::Change { of: &found }, shown).await
}

/// Returns the old version that the address asks for; `None` if it asks for none, 403 if the viewer may not save it.
async fn restored<D: EntityAdmin>(
    conn: &mut PgConnection,
    entity: &D,
    context: &RequestContext<'_>,
    found: &NamedObject<D::Content>,
) -> Result<Option<(VersionRow, D::Content)>, AppError> {
    let Some(version) = context.query(RESTORE).filter(|_| entity.options().restore == Restore::InForm) else {
        return Ok(None);
    };
    let version = version.parse().map_err(|_| NOT_FOUND)?;
    context.may(entity.options().kind, Action::StartChanging { group: entity.group(&found.loaded.content) })?;
    Ok(Some(old(conn, entity, (found.loaded.id, version)).await?))
}

/// Returns the form of a copy of an object.
pub async fn clone_of<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let mut tx = context.read().await?;
    let mut found = original_of(tx.conn(), entity, context, id).await?;
    let mut remote = RemotePart::default();
    if entity.remote().is_some() {
        tx.commit().await?;
        let view;
        (found, view) = remote_view::with_view(entity, context, found).await?;
        remote = view.for_content(&found.loaded.content);
        tx = context.read().await?;
    }
    let draft = Draft::of(entity.fields(), &found.loaded.content);
    let nothing = ValidationErrors::default();
    let shown = FormView { remote, ..FormView::fresh(&draft, &nothing) };
    show(tx.conn(), entity, context, FormMode::Clone { of: &found }, shown).await
}

/// Loads the original of a copy; 404 if the entity cannot be cloned, 403 if the viewer may not.
pub async fn original_of<D: EntityAdmin>(
    conn: &mut PgConnection,
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
) -> Result<NamedObject<D::Content>, AppError> {
    let options = entity.options();
    if !options.can_clone {
        return Err(NOT_FOUND);
    }
    let found = entity.find(conn, id).await?.ok_or(NOT_FOUND)?;
    context.may(options.kind, Action::Clone { group: entity.group(&found.loaded.content) })?;
    Ok(found)
}

/// Returns the page of a form.
pub async fn show<D: EntityAdmin>(
    conn: &mut PgConnection,
    entity: &D,
    context: &RequestContext<'_>,
    mode: FormMode<'_, D::Content>,
    mut shown: FormView<'_>,
) -> PageResult {
    let offers = std::mem::take(&mut shown.remote.offers);
    let is_unavailable = !shown.remote.read_only.is_empty();
    let denied = read_only(entity, context, &mode);
    if denied.is_some() && is_unavailable {
        shown.remote.notes.push(shown.remote.read_only.clone());
    }
    let read_only = denied.or_else(|| is_unavailable.then(|| shown.remote.read_only.clone()));
    let blank = entity.blank();
    let (content, exists) = match &mode {
        FormMode::Add => (&blank, false),
        FormMode::Clone { of } => (&of.loaded.content, false),
        FormMode::Change { of } => (&of.loaded.content, true),
    };
    let mut sources = match &context.viewer {
        Some(viewer) if read_only.is_none() => {
            let held_by = if exists { entity.name(content) } else { String::new() };
            widgets::sources(conn, entity, viewer, &held_by).await?
        }
        _ => widgets::Sources::new(),
    };
    sources.extend(offers.sources);
    let form = FormInput {
        draft: shown.draft,
        errors: shown.errors,
        warnings: &offers.warnings,
        labels: widgets::labels(entity.fields(), content),
        exists,
        read_only: read_only.is_some(),
        more_rows: shown.more_rows,
        focus: shown.focus,
    };
    let mut facts = match &mode {
        FormMode::Change { of } => entity.facts(conn, &of.loaded, context).await?,
        _ => Vec::new(),
    };
    facts.append(&mut shown.remote.facts);
    let claims = match &mode {
        FormMode::Change { of } if read_only.is_none() => entity.claims(conn, &of.loaded, context).await?,
        _ => None,
    };
    let is_read_only = read_only.is_some();
    let links = match is_read_only {
        true => entity.links(conn, content, context).await?,
        false => CellLinks::default(),
    };
    let mut errors = shown.errors.clone();
    form_places::sort(entity, &mut errors);
    let shown = FormView { errors: &errors, ..shown };
    let (status, is_wrong) = (shown.status, !errors.is_empty() || shown.conflict.is_some());
    let mut page = in_place(|| form_page(entity, context, &mode, (shown, form, sources), (read_only, facts)));
    links.set(&mut page.fieldsets);
    page.claims = claims;
    let layout = layout(entity, context, &mode, (&page.heading, is_read_only)).with_errors(is_wrong);
    response::page_with(Page::new(layout, page), status)
}

fn form_page<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    mode: &FormMode<'_, D::Content>,
    (shown, form, sources): (FormView<'_>, FormInput<'_>, widgets::Sources),
    (read_only, facts): (Option<String>, Vec<InfoLine>),
) -> FormPage {
    let is_unavailable = !shown.remote.read_only.is_empty();
    let options = entity.options();
    let (verb, action, of) = match mode {
        FormMode::Add => ("Add", context.at().addition_again(options.kind, context.query(DELETED)), None),
        FormMode::Clone { of } => ("Clone", context.at().clone_of(options.kind, of.loaded.id), Some(of)),
        FormMode::Change { of } => {
            let verb = if read_only.is_some() { "View" } else { "Change" };
            (verb, context.at().change(options.kind, of.loaded.id), Some(of))
        }
    };
    let (object, tag) = of.map(|of| entity.heading(&of.loaded.content)).unwrap_or_default();
    let (revision, base) = match (mode, shown.opened) {
        (FormMode::Change { .. }, Some(opened)) if read_only.is_none() => opened,
        (FormMode::Change { of }, None) if read_only.is_none() => {
            (of.loaded.revision.to_string(), base_of(&of.loaded.content))
        }
        _ => (String::new(), String::new()),
    };
    let ticks = match mode {
        FormMode::Change { .. } if read_only.is_none() => {
            widgets::ticks(options.ticks, |name| shown.ticks.is_none_or(|set| set.contains(&name)))
        }
        _ => Vec::new(),
    };
    let is_edited = form.more_rows.is_some() || form.focus.is_some();
    // After an error, the summary of the errors has the focus.
    let is_new = !matches!(mode, FormMode::Change { .. }) && shown.errors.is_empty() && !is_edited;
    let mut fieldsets = widgets::fieldsets(entity, context, &form, &sources);
    if of.is_none() && read_only.is_some() {
        // A new object of which nothing can be saved at the moment: there is no form.
        fieldsets.clear();
    }
    if let Some(first) = fieldsets.iter_mut().flat_map(|set| &mut set.widgets).next() {
        first.autofocus = is_new;
    }
    let (tabs, tools) = match mode {
        FormMode::Change { of } => {
            let current = if read_only.is_some() { ObjectTab::View } else { ObjectTab::Edit };
            (object_tabs::tabs(entity, context, of, current), object_tabs::tools(entity, context, of))
        }
        _ => Default::default(),
    };
    let delete_link = delete(entity, context, mode);
    let change_reason = widgets::change_reason(shown.draft.change_reason(), shown.errors);
    FormPage {
        heading: format!("{verb} {}", options.kind.info().one),
        object,
        tag,
        action: list_return::carry(options, context, action),
        revision,
        base,
        read_only: read_only.clone().unwrap_or_default(),
        is_unsaved: !shown.notice.is_empty() || shown.new_names.is_some() || !shown.errors.is_empty() || is_edited,
        notice: shown.notice,
        notes: shown.remote.notes,
        retry: if is_unavailable { context.path.to_owned() } else { String::new() },
        can_import: entity.remote().is_some() && read_only.is_none(),
        missing: if delete_link.is_some() { shown.remote.missing } else { "" },
        error_heading: pages::error_heading(shown.errors),
        error_links: pages::error_links(shown.errors, |place| form_places::named(entity.fields(), place)),
        conflict: shown.conflict,
        new_names: shown.new_names,
        fieldsets,
        ticks,
        change_reason: entity.remote().is_none().then_some(change_reason),
        facts,
        tabs,
        tools,
        delete: delete_link,
        can_add_another: matches!(mode, FormMode::Add) && entity.can_add_another(),
        secret: entity.secret(context, shown.secret),
        renewal: shown.renewal,
        claims: None,
    }
}

/// Returns the content as JSON, for the view of a conflict.
pub fn base_of<C: serde::Serialize>(content: &C) -> String {
    serde_json::to_string(content).unwrap_or_default()
}

/// Returns the reason why the form is read-only, and whom to ask; `None` if it can be saved.
fn read_only<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    mode: &FormMode<'_, D::Content>,
) -> Option<String> {
    let FormMode::Change { of } = mode else { return None };
    let group = entity.group(&of.loaded.content);
    let Some(viewer) = &context.viewer else { return Some("This is a public, read-only page.".to_owned()) };
    let denial =
        crate::domain::model::policy::decide(viewer, entity.options().kind, Action::StartChanging { group }).err()?;
    Some(format!("{denial} {}", who_can_change(group)))
}

/// Returns the sentence about who can change an object of a group, or of none.
pub fn who_can_change(group: &str) -> String {
    match group {
        "" => "It is in no group; only a superuser can change it.".to_owned(),
        group => format!("Members of the group {group} and superusers can change it."),
    }
}

fn delete<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, mode: &FormMode<'_, D::Content>) -> Option<Link> {
    let FormMode::Change { of } = mode else { return None };
    let kind = entity.options().kind;
    context.allows(kind, Action::Delete { group: entity.group(&of.loaded.content) }).then(|| {
        Link::new("Delete", list_return::carry(entity.options(), context, context.at().delete(kind, of.loaded.id)))
    })
}

fn layout<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    mode: &FormMode<'_, D::Content>,
    (heading, is_read_only): (&str, bool),
) -> crate::templates::Layout {
    let options = entity.options();
    let list = list_return::address(options, context);
    match mode {
        FormMode::Add => context.layout(heading, &[(options.kind.info().many, &list), (heading, "")]),
        FormMode::Change { of } => {
            let object = list_return::carry(options, context, context.at().view(options.kind, of.loaded.id));
            let trail = [(options.kind.info().many, list.as_str()), (&of.name, &object), ("Edit", "")];
            let title = format!("{} | {}", of.name, options.kind.info().title());
            match is_read_only {
                true => context.layout(&title, &[trail[0], (&of.name, "")]),
                false => context.layout(&title, &trail),
            }
        }
        FormMode::Clone { of } => {
            let original = list_return::carry(options, context, context.at().view(options.kind, of.loaded.id));
            context.layout(heading, &[(options.kind.info().many, &list), (&of.name, &original), ("Clone", "")])
        }
    }
}
