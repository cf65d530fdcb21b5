//! Aggregation profiles. POEM stores a name, an id and a group; the definition is on the ARGO WEB-API.

use serde::{Deserialize, Serialize};

use super::change_set::ChangeSet;
use super::group_kind::GroupKind;
use crate::domain::form::field::{Choices, Field};

/// The editable content of an aggregation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AggregationContent {
    /// The unique name.
    pub name: String,
    /// The id on the ARGO WEB-API.
    pub apiid: String,
    /// The name of the group; '' without one.
    pub group: String,
}

type F = Field<AggregationContent>;

/// The fields of the form of an aggregation.
pub static FIELDS: [F; 3] = [
    F::line("name", "Name", 128, |it| &it.name, |it, text| it.name = text).required().help("For example critical."),
    F::line("apiid", "Id on the ARGO WEB-API", 128, |it| &it.apiid, |it, text| it.apiid = text)
        .required()
        .help("The id that the ARGO WEB-API has given it, for example 2744247f-40f8-4dd6-b22c-76a3b38334d8."),
    F::choice("group", "Group", Choices::Groups(GroupKind::Aggregations), |it| &it.group, |it, name| it.group = name)
        .help("Its members can edit the aggregation. For example ARGO."),
];

impl AggregationContent {
    /// Returns what a change changed.
    pub fn changes(&self, after: &Self) -> ChangeSet {
        ChangeSet::of_values(&[
            ("name", &self.name, &after.name),
            ("apiid", &self.apiid, &after.apiid),
            ("group", &self.group, &after.group),
        ])
    }
}
