//! Changes while POEM serves: the key of the identity provider, and a second server.

use std::fs;

use super::site::FederatedSite;
use crate::support::{Server, WebClient};

#[test]
fn a_key_of_the_identity_provider_is_replaced_while_poem_serves() {
    let Some(mut site) = FederatedSite::start() else { return };
    let file = site.installation.path("etc/poem/metadata-egi.xml");
    site.log_in(&mut WebClient::new(), "ana");
    let old = site.idp.metadata();
    site.idp.announce_key();
    fs::write(&file, site.idp.metadata()).unwrap();
    site.server.catch_up();
    site.log_in(&mut WebClient::new(), "ana");
    site.idp.switch_key();
    site.log_in(&mut WebClient::new(), "ana");
    site.idp.retire_key();
    fs::write(&file, site.idp.metadata()).unwrap();
    site.server.catch_up();
    site.log_in(&mut WebClient::new(), "ana");
    // With the old key alone, its signature is refused.
    fs::write(&file, old).unwrap();
    site.server.catch_up();
    let mut client = WebClient::new();
    let form = site.answer(&mut client, "ana", "");
    assert_eq!(client.submit(&form).status(), 403);
    assert!(site.installation.log().contains("signed by none of the 1 certificates in"), "{}", site.installation.log());
}

#[test]
fn a_login_begun_at_one_server_ends_at_another() {
    let Some(site) = FederatedSite::start() else { return };
    let other = Server::start(&site.installation);
    let mut client = WebClient::new();
    let mut form = site.answer(&mut client, "ana", "");
    form.action.set_port(Some(other.address.port())).unwrap();
    let answer = client.submit(&form);
    assert_eq!(answer.status(), 303, "{}", site.installation.log());
    assert!(site.is_logged_in(&mut client), "cookies do not know ports");
    form.action.set_port(Some(site.server.address.port())).unwrap();
    assert!(client.submit(&form).response.text().contains("This login was already used"));
}
