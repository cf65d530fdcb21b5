//! The description of the REST API for people.

use serde::Serialize;

use super::layout::Link;
use super::page::Content;
use crate::domain::web::api_description::{ApiAddress, MarkedText};

/// A method of an address, with the line that requests it from this host.
#[derive(Debug, Clone, Serialize)]
pub struct ApiCall {
    /// The description of the address.
    pub address: &'static ApiAddress,
    /// The line for a shell; empty for an address that serves only the pages of POEM.
    pub curl: String,
}

/// The addresses of one topic.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ApiTopic {
    /// The anchor: `profiles`.
    pub name: &'static str,
    /// The heading: `Profiles`.
    pub title: String,
    /// The topic, in a sentence.
    pub about: &'static str,
    /// The addresses of the topic.
    pub calls: Vec<ApiCall>,
}

/// Content of the template `admin/api`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ApiPage {
    /// The paragraphs that hold for every address.
    pub introduction: &'static [Vec<MarkedText>],
    /// The addresses, by topic.
    pub topics: Vec<ApiTopic>,
    /// The list of API keys; `None` if the viewer may not see it.
    pub keys: Option<Link>,
    /// The address of the OpenAPI document.
    pub document: Link,
}

impl Content for ApiPage {
    const TEMPLATE: &'static str = "admin/api";
}
