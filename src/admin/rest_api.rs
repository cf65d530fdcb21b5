//! The description of the REST API for people, with lines for a shell that request each address from this host.

use super::crud::{PageResult, RequestContext, response};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Action;
use crate::domain::web::api_description::{ApiAddress, ApiSection, YOUR_TOKEN, curl_line, description};
use crate::templates::api_page::{ApiCall, ApiPage, ApiTopic};
use crate::templates::{Link, Page};

/// The address of the OpenAPI document.
const DOCUMENT: &str = "/poem/api/v2/openapi.json";

/// Returns the description. Visitors do not see the addresses that serve only the pages for users.
pub fn page(context: &RequestContext<'_>) -> PageResult {
    let description = description();
    let sections = description.sections.iter().filter(|section| context.viewer.is_some() || !section.is_internal);
    let may_see_keys = context.viewer.is_some() && context.allows(ObjectKind::ApiKey, Action::View);
    let content = ApiPage {
        introduction: &description.introduction,
        topics: sections.map(|section| topic(context, section)).collect(),
        keys: may_see_keys.then(|| Link::new("API keys", context.at().list(ObjectKind::ApiKey))),
        document: Link::new("openapi.json", DOCUMENT),
    };
    response::page(Page::new(context.layout("API", &[("API", "")]), content))
}

fn topic(context: &RequestContext<'_>, section: &'static ApiSection) -> ApiTopic {
    let call = |address: &'static ApiAddress| ApiCall {
        address,
        curl: match section.is_internal {
            true => String::new(),
            false => curl_line(&context.origin, &address.sample, address.needs_key.then_some(YOUR_TOKEN)),
        },
    };
    let mut letters = section.name.chars();
    let title = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    ApiTopic { name: &section.name, title, about: &section.about, calls: section.addresses.iter().map(call).collect() }
}
