//! The models of POEM 2.3 that a dump can hold, and their fields.

use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric::Section;
use crate::domain::model::service;

/// A Django model of POEM 2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Model {
    ContentType,
    Tag,
    MetricType,
    GroupOfAggregations,
    GroupOfProfiles,
    GroupOfProbes,
    GroupOfMetrics,
    User,
    UserProfile,
    ApiKey,
    Vo,
    Flavour,
    Service,
    Probe,
    MetricName,
    Metric,
    MetricConfig,
    MetricFlags,
    MetricDependency,
    MetricAttribute,
    MetricParameter,
    MetricFileParameter,
    MetricFileAttribute,
    MetricExecutable,
    MetricParent,
    Profile,
    MetricInstance,
    Aggregation,
    Revision,
    Version,
    ExtRevision,
    LogEntry,
    Session,
    Permission,
    AuthGroup,
    Tenant,
}

const SETTING: &[&str] = &["key", "value", "metric"];
const VALUE: &[&str] = &["value", "metric"];

impl Model {
    pub(super) const ALL: [Model; 36] = [
        Self::ContentType,
        Self::Tag,
        Self::MetricType,
        Self::GroupOfAggregations,
        Self::GroupOfProfiles,
        Self::GroupOfProbes,
        Self::GroupOfMetrics,
        Self::User,
        Self::UserProfile,
        Self::ApiKey,
        Self::Vo,
        Self::Flavour,
        Self::Service,
        Self::Probe,
        Self::MetricName,
        Self::Metric,
        Self::MetricConfig,
        Self::MetricFlags,
        Self::MetricDependency,
        Self::MetricAttribute,
        Self::MetricParameter,
        Self::MetricFileParameter,
        Self::MetricFileAttribute,
        Self::MetricExecutable,
        Self::MetricParent,
        Self::Profile,
        Self::MetricInstance,
        Self::Aggregation,
        Self::Revision,
        Self::Version,
        Self::ExtRevision,
        Self::LogEntry,
        Self::Session,
        Self::Permission,
        Self::AuthGroup,
        Self::Tenant,
    ];

    /// The model with this label, case-insensitively, as in Django; `None` if it is unknown.
    pub(super) fn find(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.label().eq_ignore_ascii_case(label))
    }

    /// The application and the model, as `dumpdata` writes them: `poem.probe`.
    pub(super) fn label(self) -> &'static str {
        self.shape().0
    }

    /// The fields in POEM 2.3, including those that are not taken over.
    pub(super) fn fields(self) -> &'static [&'static str] {
        self.shape().1
    }

    fn shape(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::ContentType => ("contenttypes.contenttype", &["app_label", "model"]),
            Self::Tag => ("poem.tags", &["name"]),
            Self::MetricType => ("poem.metrictype", &["name"]),
            Self::GroupOfAggregations => ("poem.groupofaggregations", &["name", "permissions", "aggregations"]),
            Self::GroupOfProfiles => ("poem.groupofprofiles", &["name", "permissions", "profiles"]),
            Self::GroupOfProbes => ("poem.groupofprobes", &["name", "permissions", "probes"]),
            Self::GroupOfMetrics => ("poem.groupofmetrics", &["name", "permissions", "metrics"]),
            Self::User => ("poem.custuser", USER),
            Self::UserProfile => ("poem.userprofile", &["user", "subject", "egiid", "displayname"]),
            Self::ApiKey => {
                ("rest_framework_api_key.apikey", &["created", "client_id", "token", "hashed_token", "revoked"])
            }
            Self::Vo => ("poem.vo", &[]),
            Self::Flavour => ("poem.serviceflavour", &["description"]),
            Self::Service => ("poem.service", &service::FIELDS),
            Self::Probe => ("poem.probe", PROBE),
            Self::MetricName => ("poem.metrics", &["name"]),
            Self::Metric => ("poem.metric", METRIC),
            Self::MetricConfig => ("poem.metricconfig", SETTING),
            Self::MetricFlags => ("poem.metricflags", SETTING),
            Self::MetricDependency => ("poem.metricdependancy", SETTING),
            Self::MetricAttribute => ("poem.metricattribute", SETTING),
            Self::MetricParameter => ("poem.metricparameter", SETTING),
            Self::MetricFileParameter => ("poem.metricfileparameter", SETTING),
            Self::MetricFileAttribute => ("poem.metricfiles", SETTING),
            Self::MetricExecutable => ("poem.metricprobeexecutable", VALUE),
            Self::MetricParent => ("poem.metricparent", VALUE),
            Self::Profile => ("poem.profile", &["name", "version", "vo", "description", "groupname"]),
            Self::MetricInstance => ("poem.metricinstance", &["profile", "service_flavour", "metric", "vo", "fqan"]),
            Self::Aggregation => ("poem.aggregation", &["name", "apiid", "groupname"]),
            Self::Revision => ("reversion.revision", &["date_created", "user", "comment"]),
            Self::Version => ("reversion.version", VERSION),
            Self::ExtRevision => ("poem.extrevision", &["version", "probeid", "revision"]),
            Self::LogEntry => ("admin.logentry", LOG_ENTRY),
            Self::Session => ("sessions.session", &[]),
            Self::Permission => ("auth.permission", &[]),
            Self::AuthGroup => ("auth.group", &[]),
            Self::Tenant => ("tenants.tenant", &[]),
        }
    }

    /// Checks whether the rows of this model are ignored: sessions, permissions, and data outside of a tenant.
    pub(super) fn is_dropped(self) -> bool {
        matches!(self, Self::Session | Self::Permission | Self::AuthGroup | Self::Tenant)
    }

    /// Checks whether the primary key is a name and not a number.
    pub(super) fn has_text_key(self) -> bool {
        matches!(self, Self::Vo | Self::Flavour | Self::Service)
    }

    /// The model of the groups of this kind.
    pub(super) fn of_group(kind: GroupKind) -> Self {
        match kind {
            GroupKind::Aggregations => Self::GroupOfAggregations,
            GroupKind::Profiles => Self::GroupOfProfiles,
            GroupKind::Probes => Self::GroupOfProbes,
            GroupKind::Metrics => Self::GroupOfMetrics,
        }
    }

    /// The model of the members of a group of this kind.
    pub(super) fn of_member(kind: GroupKind) -> Self {
        match kind {
            GroupKind::Aggregations => Self::Aggregation,
            GroupKind::Profiles => Self::Profile,
            GroupKind::Probes => Self::Probe,
            GroupKind::Metrics => Self::MetricName,
        }
    }

    /// The model of a section's settings.
    pub(super) fn of_section(section: Section) -> Self {
        match section {
            Section::Config => Self::MetricConfig,
            Section::Flags => Self::MetricFlags,
            Section::Dependency => Self::MetricDependency,
            Section::Attribute => Self::MetricAttribute,
            Section::Parameter => Self::MetricParameter,
            Section::FileParameter => Self::MetricFileParameter,
            Section::FileAttribute => Self::MetricFileAttribute,
        }
    }
}

/// The field of a metric that has the section's settings as a JSON list.
pub(super) fn section_field(section: Section) -> &'static str {
    match section {
        Section::Config => "config",
        Section::Flags => "flags",
        Section::Dependency => "dependancy",
        Section::Attribute => "attribute",
        Section::Parameter => "parameter",
        Section::FileParameter => "fileparameter",
        Section::FileAttribute => "files",
    }
}

const USER: &[&str] = &[
    "password",
    "last_login",
    "is_superuser",
    "username",
    "first_name",
    "last_name",
    "email",
    "is_staff",
    "is_active",
    "date_joined",
    "user_permissions",
    "groups",
    "groupsofprofiles",
    "groupsofmetrics",
    "groupsofprobes",
    "groupsofaggregations",
];

const PROBE: &[&str] =
    &["name", "version", "nameversion", "description", "comment", "repository", "docurl", "group", "user", "datetime"];

const METRIC: &[&str] = &[
    "name",
    "tag",
    "mtype",
    "probeversion",
    "probekey",
    "group",
    "parent",
    "probeexecutable",
    "config",
    "attribute",
    "dependancy",
    "flags",
    "files",
    "parameter",
    "fileparameter",
    "cloned",
];

const VERSION: &[&str] = &["revision", "object_id", "content_type", "db", "format", "serialized_data", "object_repr"];

const LOG_ENTRY: &[&str] =
    &["action_time", "user", "content_type", "object_id", "object_repr", "action_flag", "change_message"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_found_in_any_case() {
        for model in Model::ALL {
            assert_eq!(Model::find(&model.label().to_uppercase()), Some(model));
        }
        assert_eq!(Model::find("poem.nothing"), None);
    }
}
