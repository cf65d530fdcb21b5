//! The reason why a call of the WEB-API failed, and what that says about the object there.

use crate::http_client::exchange::ExchangeError;

/// The reason why a call failed. `Display` is a sentence for users, without a final cause where none is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// 409: the name is taken, perhaps by an earlier name of another object. Holds the WEB-API's words.
    #[error("{0}")]
    NameTaken(String),
    /// 422: the WEB-API does not know the metric profile that the object refers to. Holds the WEB-API's words.
    #[error("{0}")]
    UnknownReference(String),
    /// 400 or 406: the request was wrong, which is a fault of POEM. Holds the WEB-API's words.
    #[error("The ARGO WEB-API refused the request: {0}")]
    Refused(String),
    /// 401: the token is wrong, or the WEB-API cannot reach its own database.
    #[error("The ARGO WEB-API does not accept POEM's token, or cannot check it at the moment.")]
    TokenRefused,
    /// 403: the token may not do that.
    #[error("{}", if *.writing { MAY_NOT_WRITE } else { "POEM's token may not read on the ARGO WEB-API." })]
    Forbidden {
        /// The call would have changed something.
        writing: bool,
    },
    /// 404 in the words of the WEB-API: there is no object with this id.
    #[error("This profile is no longer on the ARGO WEB-API.")]
    Gone,
    /// 404 otherwise: the address is wrong.
    #[error("The ARGO WEB-API knows no such address; is [WEBAPI] in poem.conf right?")]
    WrongAddress,
    /// Another status than 2xx. Holds the status.
    #[error("The ARGO WEB-API failed ({0}).")]
    Failed(u16),
    /// 2xx with something that is no object, or with too much.
    #[error("The ARGO WEB-API answered with something that is no profile.")]
    Unusable,
    /// The object was created, but the response does not name its id.
    #[error("The ARGO WEB-API did not say the id of the profile.")]
    NoId,
    /// Nothing was sent. Holds the reason if it is TLS; `''` otherwise.
    #[error("The ARGO WEB-API cannot be reached{}", if .0.is_empty() { ".".to_owned() } else { format!(": {}.", .0) })]
    Unreachable(String),
    /// No response in time, or it broke off, after the request may have been received.
    #[error("The ARGO WEB-API did not answer in time.")]
    NoAnswer,
}

const MAY_NOT_WRITE: &str = "POEM's token may read on the ARGO WEB-API but not write there.";

impl CallFailure {
    /// Returns true if a call that writes may nevertheless have had its effect: the caller has to look.
    pub fn may_have_written(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Unusable | Self::NoId | Self::NoAnswer)
    }

    /// Returns true if the WEB-API did not respond: the next pages need not wait for it.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::NoAnswer)
    }

    /// Returns the HTTP status with which POEM responds to a save that fails like this.
    pub fn status(&self) -> u16 {
        match self {
            Self::NameTaken(_) | Self::UnknownReference(_) => 422,
            Self::Gone => 409,
            Self::Unreachable(_) => 503,
            Self::NoAnswer => 504,
            Self::Refused(_)
            | Self::TokenRefused
            | Self::Forbidden { .. }
            | Self::WrongAddress
            | Self::Failed(_)
            | Self::Unusable
            | Self::NoId => 502,
        }
    }

    /// Returns the class in one word, for metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::NameTaken(_) => "name_taken",
            Self::UnknownReference(_) => "unknown_reference",
            Self::Refused(_) => "refused",
            Self::TokenRefused => "token_refused",
            Self::Forbidden { .. } => "forbidden",
            Self::Gone => "gone",
            Self::WrongAddress => "wrong_address",
            Self::Failed(_) => "failed",
            Self::Unusable | Self::NoId => "unusable",
            Self::Unreachable(_) => "unreachable",
            Self::NoAnswer => "no_answer",
        }
    }
}

impl From<ExchangeError> for CallFailure {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::NotSent(_) => Self::Unreachable(String::new()),
            ExchangeError::Tls(why) => Self::Unreachable(why),
            ExchangeError::TimedOut | ExchangeError::CutOff(_) => Self::NoAnswer,
        }
    }
}
