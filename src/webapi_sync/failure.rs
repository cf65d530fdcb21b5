//! The reasons why a save in both stores fails, and what each says about them.

use crate::argo_webapi::failure::CallFailure;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::security::api_token::MissingToken;
use crate::registry::SaveError;
use crate::store::StoreError;

/// The reason why a save was not completed. `Display` is for users; it says which of the two stores has it.
#[derive(Debug, thiserror::Error)]
pub enum SaveFailure {
    /// The content is invalid; neither store was changed.
    #[error(transparent)]
    Invalid(#[from] ValidationErrors),
    /// Somebody else has changed the profile on the WEB-API; holds its definition there.
    #[error("somebody else has changed the profile on the ARGO WEB-API")]
    Changed(Box<AggregationDefinition>),
    /// The profile is no longer on the WEB-API.
    #[error("This profile is no longer on the ARGO WEB-API.")]
    Gone,
    /// There is no token to present.
    #[error("{0} Nothing was saved.")]
    NoToken(MissingToken),
    /// The certificates cannot be read.
    #[error("The ARGO WEB-API cannot be called: {0}. Nothing was saved.")]
    Setup(String),
    /// A call failed, and the WEB-API is unchanged.
    #[error("{0} Nothing was saved.")]
    Call(CallFailure),
    /// It is not known what the WEB-API has. Holds the status of the response.
    #[error("It is not known whether the ARGO WEB-API saved this. POEM will find out; saving again does no harm.")]
    Unknown(u16),
    /// The WEB-API has it, but POEM's database does not.
    #[error("Saved on the ARGO WEB-API, but POEM could not write it down. Save again.")]
    NotWrittenDown,
    /// Another save of the tenant takes long.
    #[error("Somebody else is saving to the ARGO WEB-API just now. Please try again.")]
    Busy,
    /// The profile is used by these reports, so that it is not deleted.
    #[error("Used by the {} {}. Nothing was deleted.", if .0.len() == 1 { "report" } else { "reports" }, .0.join(", "))]
    InUse(Vec<String>),
    /// POEM refused it, before anything was sent.
    #[error(transparent)]
    Save(#[from] SaveError),
}

impl SaveFailure {
    /// Returns the failure of a query before anything was sent.
    pub fn of_store(error: StoreError) -> Self {
        Self::Save(error.into())
    }

    /// Returns the HTTP status of the page that shows the failure.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 422,
            Self::Changed(_) | Self::Gone | Self::InUse(_) => 409,
            Self::NoToken(_) | Self::Setup(_) => 502,
            Self::Call(failure) => failure.status(),
            Self::Unknown(status) => *status,
            Self::NotWrittenDown | Self::Busy | Self::Save(_) => 503,
        }
    }
}

impl From<CallFailure> for SaveFailure {
    fn from(failure: CallFailure) -> Self {
        match failure {
            CallFailure::Gone => Self::Gone,
            failure => Self::Call(failure),
        }
    }
}
