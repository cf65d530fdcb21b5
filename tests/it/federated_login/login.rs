//! Logins at POEM through a real identity provider.

use std::fs;

use crate::support::{Installation, Server, SimpleSaml, WebClient};

/// POEM at http://localhost with a SimpleSAMLphp that trusts it by its metadata, and the address of POEM; `None` without
/// SimpleSAMLphp.
fn start() -> Option<(SimpleSaml, Installation, Server, String)> {
    let mut provider = SimpleSaml::start(&[])?;
    let installation = Installation::with_tenants();
    fs::write(installation.path("etc/poem/metadata-egi.xml"), provider.metadata()).unwrap();
    let server = Server::start(&installation);
    let base = format!("http://localhost:{}", server.address.port());
    installation.configure("[GENERAL_EGI]\n", &format!("[SAML_EGI]\nBaseUrl = {base}\n[GENERAL_EGI]\n"));
    server.catch_up();
    let metadata = WebClient::new().get(&format!("{base}/poem/saml2/metadata/"));
    assert_eq!(metadata.status(), 200, "{metadata}");
    provider.trust_metadata(&metadata.response.text());
    Some((provider, installation, server, base))
}

#[test]
fn a_person_logs_in_at_a_real_identity_provider_and_stays_logged_in() {
    let Some((provider, installation, _server, base)) = start() else { return };
    let mut client = WebClient::new();
    let form = provider.log_in(&mut client, &format!("{base}/poem/saml2/login/?next=/poem/admin/poem/probe/"), "ana");
    let page = client.submit(&form);
    assert_eq!(page.status(), 303, "{page}\n{}", installation.log());
    assert_eq!(client.follow(page).status(), 200);
    assert!(client.cookie("localhost", "sessionid").is_some(), "{client:?}");
    // The same response again is refused.
    assert_ne!(client.submit(&form).status(), 303);
}
