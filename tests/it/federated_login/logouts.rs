//! Single logout, begun at POEM and at the identity provider.

use super::site::FederatedSite;
use crate::support::WebClient;

#[test]
fn a_logout_here_offers_the_logout_there() {
    let Some(site) = FederatedSite::start() else { return };
    let mut client = WebClient::new();
    let page = site.log_in(&mut client, "ana");
    let logout = page.form("csrfmiddlewaretoken").expect("the form of the logout");
    assert_eq!(logout.action.path(), "/poem/admin/logout/");
    let page = client.submit(&logout);
    let text = page.response.text();
    assert!(text.contains("You are still logged in at"), "{text}");
    assert!(!site.is_logged_in(&mut client), "the session here has ended at once");
    let (_, rest) = text.split_once("href=\"&#x2F;poem&#x2F;saml2&#x2F;logout&#x2F;?h=").expect("the link");
    let address = site.at(&format!("/poem/saml2/logout/?h={}", rest.split('"').next().unwrap()));
    let end = client.open(&address);
    assert_eq!(end.url.path(), "/poem/saml2/ls/");
    assert!(end.response.text().contains("You are logged out here and at"), "{}", end.response.text());
    // The identity provider asks for the password again.
    site.answer(&mut client, "ana", "");
    // The link works once.
    assert!(client.open(&address).response.text().contains("This link is over"));
}

#[test]
fn a_logout_there_ends_the_sessions_of_this_login_here() {
    let Some(site) = FederatedSite::start() else { return };
    let (mut first, mut second) = (WebClient::new(), WebClient::new());
    site.log_in(&mut first, "ana");
    site.log_in(&mut second, "ana");
    let back = site.at("/poem/saml2/metadata/");
    let begun = site.idp.log_out(&mut first, &back);
    let end = first.follow(begun.clone());
    let log = site.installation.log();
    assert_eq!(end.url.path(), "/poem/saml2/metadata/", "{}\n{}\n{log}", begun.response.text(), site.idp.log());
    assert!(!site.is_logged_in(&mut first));
    assert!(site.is_logged_in(&mut second), "the other browser is another session");
    site.expect_log("1 session of Ana_Horvat");
}

#[test]
fn a_session_ends_when_the_identity_provider_says_so() {
    let Some(mut site) = FederatedSite::start() else { return };
    site.idp.set_session_seconds(600);
    let mut client = WebClient::new();
    site.log_in(&mut client, "ana");
    // By our clock, which may differ by the 180 seconds of ClockSkew.
    let left = "SELECT (expires <= created + interval '790 seconds')::text FROM egi.login_session ORDER BY created DESC LIMIT 1";
    assert_eq!(site.sql(left), ["true"]);
}
