//! Fields: what a person edits of an entity, one declaration for form, limits, wording, comparison and conflict.

use crate::domain::model::group_kind::GroupKind;

/// Where the choices of a field come from; the core of the admin knows how to ask for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choices {
    Tags,
    MetricTypes,
    Vos,
    ServiceFlavours,
    /// Every name of the registry.
    MetricNames,
    /// Names of metrics with a configuration: what may be a parent.
    Metrics,
    /// Labels of all versions of all probes, like «ams-probe (0.1.7)».
    ProbeVersions,
    /// Groups of one kind; a member chooses among their own.
    Groups(GroupKind),
    /// Objects that a group of this kind may hold: those without a group, and those it has.
    Groupable(GroupKind),
    /// Users, by username.
    Users,
}

/// What a line of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Line,
    /// Several lines.
    Long,
    /// http, https or ftp; shown as a link where it is http or https.
    Url,
    Email,
    /// Anything, with suggestions while typing.
    Suggested(Choices),
    /// Never shown again.
    Password,
}

/// One column of a field of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowColumn {
    pub name: &'static str,
    pub label: &'static str,
    /// Most characters.
    pub max: usize,
    /// A row that is not wholly empty must have it.
    pub required: bool,
    pub suggestions: Option<Choices>,
}

/// One row of a field of rows: a text for each column.
pub type RowValues = Vec<String>;

/// What a field holds, and how to reach it in the content `C`.
pub enum Kind<C: 'static> {
    Text {
        shape: Shape,
        max: usize,
        get: fn(&C) -> &str,
        set: fn(&mut C, String),
    },
    Flag {
        get: fn(&C) -> bool,
        set: fn(&mut C, bool),
    },
    /// One of a list; '' for none where it is not required.
    Choice {
        source: Choices,
        get: fn(&C) -> &str,
        set: fn(&mut C, String),
    },
    /// Any number of a list.
    Picks {
        source: Choices,
        get: fn(&C) -> &[String],
        set: fn(&mut C, Vec<String>),
    },
    /// Rows in their order. `fixed` names first columns that always stand there, first and unchangeable.
    Rows {
        columns: &'static [RowColumn],
        fixed: &'static [&'static str],
        get: fn(&C) -> Vec<RowValues>,
        set: fn(&mut C, Vec<RowValues>),
    },
}

/// One field of an entity whose content is `C`.
pub struct Field<C: 'static> {
    /// Its name in forms and addresses: `repository`.
    pub name: &'static str,
    /// What stands beside it: «Repository».
    pub label: &'static str,
    /// '' where the label says it all.
    pub help: &'static str,
    pub required: bool,
    /// Can only be set when the object is added.
    pub only_at_first: bool,
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
    pub const fn new(name: &'static str, label: &'static str, kind: Kind<C>) -> Self {
        Self { name, label, help: "", required: false, only_at_first: false, kind }
    }

    /// A line of at most `max` characters.
    pub const fn line(
        name: &'static str,
        label: &'static str,
        max: usize,
        get: fn(&C) -> &str,
        set: fn(&mut C, String),
    ) -> Self {
        Self::new(name, label, Kind::Text { shape: Shape::Line, max, get, set })
    }

    /// One of a list.
    pub const fn choice(
        name: &'static str,
        label: &'static str,
        source: Choices,
        get: fn(&C) -> &str,
        set: fn(&mut C, String),
    ) -> Self {
        Self::new(name, label, Kind::Choice { source, get, set })
    }

    pub const fn flag(name: &'static str, label: &'static str, get: fn(&C) -> bool, set: fn(&mut C, bool)) -> Self {
        Self::new(name, label, Kind::Flag { get, set })
    }

    /// The same text in another shape.
    pub const fn shaped(self, shape: Shape) -> Self {
        match self.kind {
            Kind::Text { max, get, set, .. } => Self { kind: Kind::Text { shape, max, get, set }, ..self },
            _ => self,
        }
    }

    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub const fn only_at_first(self) -> Self {
        Self { only_at_first: true, ..self }
    }

    pub const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }
}
