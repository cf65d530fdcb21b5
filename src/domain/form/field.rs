//! Fields: the editable parts of an entity. One declaration serves form, limits, wording, comparison and conflict.

use super::row_group::RowGroup;
use crate::domain::model::group_kind::GroupKind;

/// The source of a field's choices or suggestions. This type only names it; the admin pages do the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choices {
    /// Tags of metrics, by name.
    Tags,
    /// Types of metrics, by name: Active, Passive.
    MetricTypes,
    /// Virtual organisations, by name.
    Vos,
    /// Service flavours, by name.
    ServiceFlavours,
    /// Every metric name of the registry, with or without a configuration.
    MetricNames,
    /// Names of metrics that have a configuration. Only these can be a parent.
    Metrics,
    /// Labels of all versions of all probes, for example `ams-probe (0.1.7)`.
    ProbeVersions,
    /// Groups of one kind, by name. A user who is not a superuser chooses among their own groups.
    Groups(GroupKind),
    /// Objects that a group of this kind can hold: objects without a group, and those already in this group.
    Groupable(GroupKind),
    /// Users, by username.
    Users,
    /// Logical operations: OR, AND.
    Operations,
    /// The types of endpoint groups.
    EndpointGroups,
    /// The metric profiles of the ARGO WEB-API: the value is the id, the label the name.
    MetricProfiles,
    /// The service flavours of the chosen metric profile of the ARGO WEB-API.
    ProfileServices,
}

impl Choices {
    /// Returns the choices of a source that never changes; `None` for all others.
    pub const fn fixed(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Operations => Some(&["OR", "AND"]),
            Self::EndpointGroups => Some(&["servicegroups", "sites"]),
            _ => None,
        }
    }

    /// Returns true if the choices are in the database. Others are fixed, or come from the ARGO WEB-API.
    pub const fn is_stored(self) -> bool {
        !matches!(self, Self::Operations | Self::EndpointGroups | Self::MetricProfiles | Self::ProfileServices)
    }
}

/// The format of a text field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One line.
    Line,
    /// Several lines.
    Long,
    /// An address of http, https, ftp or ftps. Shown as a link if it is http or https.
    Url,
    /// An e-mail address.
    Email,
    /// One line of any text, with suggestions while the user types.
    Suggested(Choices),
    /// A password: not trimmed, and never sent back to the browser.
    Password,
}

/// One column of a field of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowColumn {
    /// The name in forms: the last part of `tuples-12-metric`.
    pub name: &'static str,
    /// The heading of the column.
    pub label: &'static str,
    /// The maximum length, in characters.
    pub max: usize,
    /// Required in every row that is not entirely empty.
    pub required: bool,
    /// One of the columns that identify a row: comparisons pair rows that are equal in all of them.
    pub is_key: bool,
    /// The source of suggestions; `None` for plain text. In groups of rows, fixed choices are the only valid values.
    pub suggestions: Option<Choices>,
}

/// One row of a field of rows: one text for each column, in the order of the columns.
pub type RowValues = Vec<String>;

/// The declaration of a field of groups of rows. Its inputs are `FIELD-0-name`, `FIELD-0-operation`,
/// `FIELD-0-ROWS-3-name` and `FIELD-0-ROWS-3-operation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLayout {
    /// The word for one group: `service flavour group`.
    pub one: &'static str,
    /// The name of a group.
    pub name: RowColumn,
    /// The operation between the rows of a group.
    pub operation: RowColumn,
    /// The middle part of the names of the rows' inputs: `services`.
    pub rows: &'static str,
    /// The name of a row.
    pub row_name: RowColumn,
    /// The operation of a row.
    pub row_operation: RowColumn,
    /// The maximum number of groups.
    pub max_groups: usize,
    /// The maximum number of rows in all groups.
    pub max_rows: usize,
    /// The field with the operation between the groups.
    pub joined_by: &'static str,
    /// The field that decides which names are suggested for rows. Without its value, no group can be added.
    pub offered_by: &'static str,
}

/// The type of a field's value, with the accessors to it in the content `C`.
pub enum Kind<C: 'static> {
    /// A text of one or several lines.
    Text {
        /// The format that is checked.
        shape: Shape,
        /// The maximum length, in characters.
        max: usize,
        /// Reads the value.
        get: fn(&C) -> &str,
        /// Writes the value.
        set: fn(&mut C, String),
    },
    /// A checkbox.
    Flag {
        /// Reads the value.
        get: fn(&C) -> bool,
        /// Writes the value.
        set: fn(&mut C, bool),
    },
    /// One choice of a list; '' for no choice, if the field is not required.
    Choice {
        /// The list.
        source: Choices,
        /// Reads the value.
        get: fn(&C) -> &str,
        /// Writes the value.
        set: fn(&mut C, String),
    },
    /// Any number of choices of a list.
    Picks {
        /// The list.
        source: Choices,
        /// The maximum number of choices.
        max: usize,
        /// Reads the values.
        get: fn(&C) -> &[String],
        /// Writes the values.
        set: fn(&mut C, Vec<String>),
    },
    /// Rows of texts, in order.
    Rows {
        /// The columns of every row.
        columns: &'static [RowColumn],
        /// Values of the first column whose rows are always present, come first, and keep that value.
        fixed: &'static [&'static str],
        /// The maximum number of rows.
        max_rows: usize,
        /// Reads the rows.
        get: fn(&C) -> Vec<RowValues>,
        /// Writes the rows.
        set: fn(&mut C, Vec<RowValues>),
    },
    /// Named groups of rows, in order.
    RowGroups {
        /// The declaration of groups and rows.
        layout: &'static GroupLayout,
        /// Reads the groups.
        get: fn(&C) -> Vec<RowGroup>,
        /// Writes the groups. The content still has the groups before, to which the origins refer.
        set: fn(&mut C, Vec<RowGroup>),
    },
}

/// One field of an entity whose content is `C`.
pub struct Field<C: 'static> {
    /// The name in forms and addresses: `repository`.
    pub name: &'static str,
    /// The text next to the input: `Repository`.
    pub label: &'static str,
    /// The help text under the input; '' without one.
    pub help: &'static str,
    /// Refused if empty.
    pub required: bool,
    /// Can be set only when the object is added.
    pub only_at_first: bool,
    /// Set only after the object was added: forms of new objects do not have it.
    pub only_later: bool,
    /// Shown, but never read from a form. Forms of new objects do not have it.
    pub read_only: bool,
    /// Reads the label of the value, if it differs from the value; `None` for most fields.
    pub label_of: Option<fn(&C) -> &str>,
    /// The type of the value and the accessors to it.
    pub kind: Kind<C>,
}

impl<C> Clone for Kind<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Kind<C> {}

impl<C> Clone for Field<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Field<C> {}

impl<C> Field<C> {
    /// Returns a field that is not required and has no help text.
    pub const fn new(name: &'static str, label: &'static str, kind: Kind<C>) -> Self {
        Self {
            name,
            label,
            help: "",
            required: false,
            only_at_first: false,
            only_later: false,
            read_only: false,
            label_of: None,
            kind,
        }
    }

    /// Returns a text field of one line and at most `max` characters.
    pub const fn line(
        name: &'static str,
        label: &'static str,
        max: usize,
        get: fn(&C) -> &str,
        set: fn(&mut C, String),
    ) -> Self {
        Self::new(name, label, Kind::Text { shape: Shape::Line, max, get, set })
    }

    /// Returns a field for one choice of a list.
    pub const fn choice(
        name: &'static str,
        label: &'static str,
        source: Choices,
        get: fn(&C) -> &str,
        set: fn(&mut C, String),
    ) -> Self {
        Self::new(name, label, Kind::Choice { source, get, set })
    }

    /// Returns a checkbox.
    pub const fn flag(name: &'static str, label: &'static str, get: fn(&C) -> bool, set: fn(&mut C, bool)) -> Self {
        Self::new(name, label, Kind::Flag { get, set })
    }

    /// Sets the format of a text field. Other fields stay as they are.
    pub const fn shaped(self, shape: Shape) -> Self {
        match self.kind {
            Kind::Text { max, get, set, .. } => Self { kind: Kind::Text { shape, max, get, set }, ..self },
            _ => self,
        }
    }

    /// Makes the field required.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Makes the field read-only after the object was added.
    pub const fn only_at_first(self) -> Self {
        Self { only_at_first: true, ..self }
    }

    /// Leaves the field out of forms of new objects.
    pub const fn only_later(self) -> Self {
        Self { only_later: true, ..self }
    }

    /// Makes the field read-only.
    pub const fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Sets the accessor to the label of the value.
    pub const fn labelled(self, label_of: fn(&C) -> &str) -> Self {
        Self { label_of: Some(label_of), ..self }
    }

    /// Sets the help text.
    pub const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }
}
