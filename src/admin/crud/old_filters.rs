//! Filters in addresses of POEM 2.3, as its users have bookmarked them: `tag__id__exact=1`, `is_superuser__exact=1`.

use super::options::{FilterSource, ListFilter};
use crate::domain::form::field::Choices;
use crate::domain::model::group_kind::GroupKind;
use crate::store::lists::{NO, WITHOUT_GROUP, YES};

/// The meaning of the value of an old filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OldValue {
    /// The value that the filter has now.
    Value(String),
    /// The id of a tag (`None`) or of a group of this kind.
    Id(Option<GroupKind>, i64),
    /// The value means nothing.
    Unknown,
}

/// Returns the meaning of an old parameter for this filter; `None` if it is another parameter.
///
/// Django names a filter by its field, a field of the object that it refers to, and a comparison.
pub fn parse(filter: &ListFilter, name: &str, value: &str) -> Option<OldValue> {
    let comparison = name.strip_prefix("is_").unwrap_or(name).strip_prefix(filter.name)?;
    let id = |kind| value.parse().map_or(OldValue::Unknown, |id| OldValue::Id(kind, id));
    let text = || OldValue::Value(value.to_owned());
    Some(match (filter.source, comparison) {
        (FilterSource::YesOrNo, "__exact") => flag(value, [YES, NO]),
        (FilterSource::OwningVos, "__exact" | "__name" | "__name__exact") => text(),
        (FilterSource::Of(Choices::Tags), "__id__exact" | "__id" | "__exact") => id(None),
        (FilterSource::Of(Choices::Tags), "__name" | "__name__exact") => text(),
        (FilterSource::Grouped(Choices::Groups(kind)), "__id__exact" | "__id" | "__exact") => id(Some(kind)),
        (FilterSource::Grouped(_), "__name" | "__name__exact" | "name" | "name__exact") => text(),
        (FilterSource::Grouped(_), "__isnull") => flag(value, [WITHOUT_GROUP, ""]),
        _ => return None,
    })
}

/// Returns the first value for true, the second for false.
fn flag(value: &str, [yes, no]: [&str; 2]) -> OldValue {
    match value {
        "1" | "True" | "true" => OldValue::Value(yes.to_owned()),
        "0" | "False" | "false" => OldValue::Value(no.to_owned()),
        _ => OldValue::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: ListFilter = ListFilter {
        name: "group",
        label: "Group",
        source: FilterSource::Grouped(Choices::Groups(GroupKind::Metrics)),
    };

    #[test]
    fn filters_of_django_are_understood() {
        let tag = ListFilter { name: "tag", label: "Tag", source: FilterSource::Of(Choices::Tags) };
        let staff = ListFilter { name: "staff", label: "Staff", source: FilterSource::YesOrNo };
        let value = |text: &str| Some(OldValue::Value(text.to_owned()));
        for (filter, name, text, meaning) in [
            (&tag, "tag__id__exact", "1", Some(OldValue::Id(None, 1))),
            (&tag, "tag__id__exact", "x", Some(OldValue::Unknown)),
            (&tag, "tag__name", "Test", value("Test")),
            (&tag, "tags", "1", None),
            (&tag, "name", "1", None),
            (&staff, "is_staff__exact", "1", value(YES)),
            (&staff, "is_staff__exact", "0", value(NO)),
            (&staff, "is_staff__exact", "2", Some(OldValue::Unknown)),
            (&staff, "is_active__exact", "1", None),
            (&GROUP, "group__id__exact", "3", Some(OldValue::Id(Some(GroupKind::Metrics), 3))),
            (&GROUP, "groupname", "ARGO", value("ARGO")),
            (&GROUP, "group__isnull", "True", value(WITHOUT_GROUP)),
        ] {
            assert_eq!(parse(filter, name, text), meaning, "{name}={text}");
        }
    }
}
