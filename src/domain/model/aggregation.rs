//! An aggregation profile, as far as POEM keeps it: its definition lives on the ARGO WEB-API.

use serde::{Deserialize, Serialize};

use super::group_kind::GroupKind;
use super::wording::{fields, sentences};
use crate::domain::form::field::{Choices, Field};

/// What a person edits of an aggregation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AggregationContent {
    pub name: String,
    /// Its id on the ARGO WEB-API.
    pub apiid: String,
    /// The name of its group; '' without one.
    pub group: String,
}

type F = Field<AggregationContent>;

pub static FIELDS: [F; 3] = [
    F::line("name", "Name", 128, |it| &it.name, |it, text| it.name = text).required(),
    F::line("apiid", "Id on the ARGO WEB-API", 128, |it| &it.apiid, |it, text| it.apiid = text).required(),
    F::choice("group", "Group", Choices::Groups(GroupKind::Aggregations), |it| &it.group, |it, name| it.group = name),
];

impl AggregationContent {
    /// «Changed name and group.», or that nothing did.
    pub fn changes(&self, after: &Self) -> String {
        let changed = fields(&[
            ("name", self.name != after.name),
            ("apiid", self.apiid != after.apiid),
            ("group", self.group != after.group),
        ]);
        sentences(changed.into_iter().collect())
    }
}
