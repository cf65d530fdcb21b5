//! Groups with their members, users, API keys.

use std::collections::{BTreeSet, HashMap};

use super::DumpSource;
use super::error::{DumpError, quoted};
use super::models::Model;
use super::references::unique;
use super::rows::Row;
use super::warnings::Warnings;
use crate::domain::model::group_kind::{GroupKind, GroupRef};
use crate::domain::model::snapshot::{ApiKey, Group};
use crate::domain::model::user::StoredUser;
use crate::domain::security::keys::Keys;

/// The client whose token POEM itself presents to the ARGO WEB-API.
const WEB_API: &str = "WEB-API";

/// The groups of all kinds.
pub(super) fn groups(source: &DumpSource) -> Vec<Group> {
    let of_kind = |kind| {
        let model = Model::of_group(kind);
        let name = move |id| source.refs.name(model, id).unwrap_or_default().to_owned();
        source.dump.rows(model).iter().map(move |row| Group { kind, id: row.key, name: name(row.key) })
    };
    GroupKind::ALL.into_iter().flat_map(of_kind).collect()
}

/// The groups of each object, from the many-to-many lists of the groups.
pub(super) struct Members {
    /// The ids of the groups in ascending order, by kind of group and key of the object.
    groups: HashMap<(GroupKind, i64), Vec<i64>>,
}

impl Members {
    /// Reads the lists of all groups.
    pub(super) fn read(source: &DumpSource) -> Result<Self, DumpError> {
        let mut groups: HashMap<_, Vec<i64>> = HashMap::new();
        for kind in GroupKind::ALL {
            for row in source.dump.rows(Model::of_group(kind)) {
                for member in source.refs.many(row, kind.as_str(), Model::of_member(kind))? {
                    groups.entry((kind, member)).or_default().push(row.key);
                }
            }
        }
        groups.values_mut().for_each(Vec::dedup);
        Ok(Self { groups })
    }

    /// The group of the object; `None` without one. If there are several, the lowest id, with a warning.
    pub(super) fn group_of(&self, kind: GroupKind, row: &Row, warnings: &mut Warnings) -> Option<i64> {
        let groups = self.groups.get(&(kind, row.key))?;
        let lowest = groups.first().copied()?;
        if groups.len() > 1 {
            let (label, key) = (row.model.label(), row.key);
            warnings.push(format!("{label} {key}: in {} groups, kept in group {lowest}", groups.len()));
        }
        Some(lowest)
    }

    /// The group of an object that also names one as text. The text counts only if no group lists the object.
    pub(super) fn group_of_row(
        &self,
        source: &DumpSource,
        kind: GroupKind,
        row: &Row,
        field: &str,
        warnings: &mut Warnings,
    ) -> Result<Option<i64>, DumpError> {
        let name = row.text_or_empty(field)?;
        if let Some(group) = self.group_of(kind, row, warnings) {
            return Ok(Some(group));
        }
        if name.is_empty() {
            return Ok(None);
        }
        let group = source.refs.key(Model::of_group(kind), name);
        if group.is_none() {
            let (label, key) = (row.model.label(), row.key);
            warnings.push(format!("{label} {key}: no group of {kind} named {}, loaded without a group", quoted(name)));
        }
        Ok(group)
    }
}

/// The users with their profiles and groups.
pub(super) fn users(source: &DumpSource) -> Result<Vec<StoredUser>, DumpError> {
    let profiles = user_profiles(source)?;
    let mut egi_ids = HashMap::new();
    let mut users = Vec::new();
    for row in source.dump.rows(Model::User) {
        let mut user = account(source, row)?;
        if let Some(profile) = profiles.get(&row.key) {
            user.distinguished_name = filled(profile, "subject")?;
            user.egi_id = filled(profile, "egiid")?;
            user.display_name = filled(profile, "displayname")?;
            if let Some(egi_id) = &user.egi_id {
                unique(&mut egi_ids, egi_id.clone(), profile, "egiid")?;
            }
        }
        users.push(user);
    }
    Ok(users)
}

/// The rows of user profiles, by the key of the user. A user may have none.
fn user_profiles<'a>(source: &DumpSource<'a>) -> Result<HashMap<i64, &'a Row<'a>>, DumpError> {
    let mut owners = HashMap::new();
    let mut profiles = HashMap::new();
    for row in source.dump.rows(Model::UserProfile) {
        let user = source.refs.required(row, "user", Model::User)?;
        unique(&mut owners, user, row, "user")?;
        profiles.insert(user, row);
    }
    Ok(profiles)
}

fn account(source: &DumpSource, row: &Row) -> Result<StoredUser, DumpError> {
    Ok(StoredUser {
        id: row.key,
        username: row.text("username")?.to_owned(),
        password: row.text("password")?.to_owned(),
        first_name: row.text_or_empty("first_name")?.to_owned(),
        last_name: row.text_or_empty("last_name")?.to_owned(),
        email: row.text_or_empty("email")?.to_owned(),
        is_superuser: row.flag("is_superuser", Some(false))?,
        is_staff: row.flag("is_staff", Some(true))?,
        is_active: row.flag("is_active", Some(true))?,
        date_joined: row.time("date_joined", source.zone)?,
        last_login: row.optional_time("last_login", source.zone)?,
        distinguished_name: None,
        egi_id: None,
        display_name: None,
        groups: user_groups(source, row)?,
    })
}

fn user_groups(source: &DumpSource, row: &Row) -> Result<BTreeSet<GroupRef>, DumpError> {
    let mut groups = BTreeSet::new();
    for kind in GroupKind::ALL {
        let ids = source.refs.many(row, &format!("groupsof{kind}"), Model::of_group(kind))?;
        groups.extend(ids.into_iter().map(|id| GroupRef { kind, id }));
    }
    Ok(groups)
}

/// A text; `None` if it is empty, null or missing. The column is unique, so that only one user could have an empty
/// text.
fn filled(row: &Row, field: &str) -> Result<Option<String>, DumpError> {
    Ok(row.optional_text(field)?.filter(|text| !text.is_empty()).map(str::to_owned))
}

/// The API keys. A dump has their tokens in clear text; the hashes next to the tokens are ignored.
///
/// A key without a token is left out: no client can present it.
pub(super) fn api_keys(source: &DumpSource, keys: &Keys, warnings: &mut Warnings) -> Result<Vec<ApiKey>, DumpError> {
    let mut clients = HashMap::new();
    let mut api_keys = Vec::new();
    for row in source.dump.rows(Model::ApiKey) {
        let client = row.text("client_id")?;
        unique(&mut clients, client, row, "client_id")?;
        let token = row.text("token")?;
        if token.is_empty() {
            warnings.leave_out(row, "token", "is empty");
            continue;
        }
        api_keys.push(ApiKey {
            id: row.key,
            client: client.to_owned(),
            token_hash: keys.token_hash(token),
            token_sealed: (client == WEB_API).then(|| keys.seal(token)),
            created: row.time("created", source.zone)?,
            revoked: row.flag("revoked", Some(false))?,
        });
    }
    Ok(api_keys)
}
