//! What a save of profiles would do: their rules, checked before anything is written.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use super::SaveError;
use super::bulk::{Each, PlannedChange, Wanted, by_id, ids, known_id, start};
use crate::blocking::in_place;
use crate::domain::form::validation_error::{Place, ValidationErrors};
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::profile::{NAME_TAKEN, ProfileContent};
use crate::store::{StoreError, groups, profiles, taken_names, vos};

/// The change of a profile, ready to be written.
pub(super) struct ProfilePlan {
    pub id: i64,
    pub before: ProfileContent,
    pub after: ProfileContent,
    /// Empty if nothing is to be written.
    pub changes: ChangeSet,
    /// The id of the group after the change; `None` without one.
    pub group_id: Option<i64>,
}

impl ProfilePlan {
    /// Returns the plan for a preview.
    pub fn preview(self) -> PlannedChange {
        PlannedChange { id: self.id, name: self.before.label(), changes: self.changes }
    }
}

/// Plans the changes of profiles: checks rights, revisions and rules of each.
pub(super) async fn plan(
    conn: &mut PgConnection,
    viewer: &Viewer,
    wanted: &[Wanted<'_, ProfileContent>],
) -> Result<Each<ProfilePlan>, StoreError> {
    let mut loaded = by_id(profiles::contents(conn, &ids(wanted)).await?);
    let contents: Vec<&ProfileContent> = wanted.iter().map(|wanted| wanted.content).collect();
    let mut known = KnownNames::find(conn, &contents).await?;
    let planned = wanted.iter().map(|wanted| {
        let id = wanted.target.id;
        let (before, errors) =
            start(viewer, ObjectKind::Profile, wanted, loaded.remove(&id), |content| &content.group)?;
        let group_id = known.check(wanted.content, Some((id, &before)), errors)?;
        let changes = in_place(|| before.changes(wanted.content));
        Ok(ProfilePlan { id, before, after: wanted.content.clone(), changes, group_id })
    });
    Ok(planned.collect())
}

/// What the names in contents refer to.
pub(super) struct KnownNames {
    groups: HashMap<String, i64>,
    vos: HashSet<String>,
    /// The ids of the profiles that have a name and a version.
    taken: HashMap<(String, String), i64>,
    /// The pairs of name and version that profiles of this save get.
    claimed: HashSet<(String, String)>,
}

impl KnownNames {
    /// Finds what the contents name.
    pub async fn find(conn: &mut PgConnection, contents: &[&ProfileContent]) -> Result<Self, StoreError> {
        let of = |text: fn(&ProfileContent) -> &String| {
            let texts: HashSet<&String> = contents.iter().map(|content| text(content)).collect();
            texts.into_iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>()
        };
        let pairs: Vec<_> = contents.iter().map(|content| (content.name.as_str(), content.version.as_str())).collect();
        let taken = taken_names::profiles(conn, &pairs).await?;
        let groups = groups::by_names(conn, GroupKind::Profiles, &of(|it| &it.group)).await?;
        Ok(Self {
            groups: groups.into_iter().map(|(id, name)| (name, id)).collect(),
            vos: vos::listed(conn, &of(|it| &it.vo)).await?.into_iter().collect(),
            taken: taken.into_iter().map(|(name, version, id)| ((name, version), id)).collect(),
            claimed: HashSet::new(),
        })
    }

    /// Reports all errors of the content at once; returns the id of its group.
    ///
    /// An unchanged VO is accepted even if it is no longer listed.
    pub fn check(
        &mut self,
        content: &ProfileContent,
        before: Option<(i64, &ProfileContent)>,
        mut errors: ValidationErrors,
    ) -> Result<Option<i64>, SaveError> {
        let (id, before) = before.unzip();
        let pair = (content.name.clone(), content.version.clone());
        if self.claimed.contains(&pair) || self.taken.get(&pair).is_some_and(|taken| Some(*taken) != id) {
            errors.add(Place::Field("name"), NAME_TAKEN);
        }
        let vo_stays = before.is_some_and(|before| before.vo == content.vo);
        if !vo_stays && !self.vos.contains(&content.vo) {
            errors.add(Place::Field("vo"), format!("Unable to find virtual organization {}.", content.vo));
        }
        content.check_tuples(&mut errors);
        let group_id = match content.group.is_empty() {
            true => None,
            false => known_id(&self.groups, "group", &content.group, &mut errors),
        };
        errors.check()?;
        self.claimed.insert(pair);
        Ok(group_id)
    }
}
