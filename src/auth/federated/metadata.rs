//! The metadata of the service provider, for everybody: the identity provider wants them first.

use std::sync::Arc;

use rocket::http::{ContentType, Header, Status};
use rocket::response::Responder;
use rocket::{Request, Response, Route, State, get, response, routes};

use super::providers::FederatedLogins;
use crate::config::reload::LiveConfig;
use crate::error::AppError;
use crate::http::encoded_body::matches_any_coding;
use crate::saml::sp_metadata;
use crate::tenants::guard::CurrentTenant;

/// The routes of the metadata.
pub fn routes() -> Vec<Route> {
    routes![metadata]
}

/// A document with its ETag; 304 if the client has it already.
struct MetadataDocument(String);

/// Returns the metadata of this POEM as a service provider.
#[get("/poem/saml2/metadata")]
async fn metadata(
    tenant: CurrentTenant<'_>,
    config: &State<LiveConfig>,
    logins: &State<FederatedLogins>,
) -> Result<MetadataDocument, AppError> {
    let unusable = |cause: Arc<str>| AppError::Unavailable(format!("the metadata of POEM cannot be made: {cause}"));
    let (sp, signs) = logins.service_provider(config, tenant.tenant()).await.map_err(unusable)?;
    Ok(MetadataDocument(sp_metadata::document(&sp, signs)))
}

impl<'r> Responder<'r, 'static> for MetadataDocument {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let digest = openssl::sha::sha256(self.0.as_bytes());
        let digest: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let etag = format!("\"{digest}\"");
        let is_known = request.headers().get("If-None-Match").any(|header| matches_any_coding(header, &etag));
        let mut builder = Response::build();
        builder.header(Header::new("ETag", etag)).raw_header("Cache-Control", "public, max-age=600");
        if is_known {
            return Ok(builder.status(Status::NotModified).finalize());
        }
        let body = self.0.into_bytes();
        builder.header(ContentType::new("text", "xml").with_params(("charset", "utf-8")));
        Ok(builder.sized_body(body.len(), std::io::Cursor::new(body)).finalize())
    }
}
