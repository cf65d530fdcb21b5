//! Each row of the checks: a message that is wrong in one respect is refused for that reason, in every form of signature.

use poem::dev::identity_provider::responses::{ConfirmationFacts, ResponseFacts};
use poem::saml::refusal::RefusalClass::{self, *};

use super::{FORMS, IDENTIFIER, IDP, PERSON, SignedBy, assertion, at, check, class, now, signed, valid};

/// A change of a valid response, and the class of the refusal.
type Row = (&'static str, RefusalClass, fn(&mut ResponseFacts));

fn confirmation(response: &mut ResponseFacts) -> &mut ConfirmationFacts {
    &mut assertion(response).confirmations[0]
}

const ROWS: &[Row] = &[
    ("another version", Malformed, |r| r.version = Some("1.1".into())),
    ("no version", Malformed, |r| r.version = None),
    ("no IssueInstant", Malformed, |r| r.issue_instant = None),
    ("an IssueInstant that is no time", Malformed, |r| r.issue_instant = Some("yesterday".into())),
    ("another issuer", Issuer, |r| r.issuer = Some("https://evil.example.org".into())),
    ("an issuer with another case", Issuer, |r| r.issuer = Some(IDP.to_uppercase())),
    ("a failure", Idp, |r| r.status = vec!["urn:oasis:names:tc:SAML:2.0:status:Requester".into()]),
    ("no status", Malformed, |r| r.status = Vec::new()),
    ("no assertion", Malformed, |r| r.assertion = None),
    ("another destination", Destination, |r| r.destination = Some("https://evil.example.org/".into())),
    ("another request", Unsolicited, |r| r.in_response_to = Some("_other".into())),
    ("no request", Unsolicited, |r| r.in_response_to = None),
    ("another version of the assertion", Issuer, |r| assertion(r).version = Some("1.1".into())),
    ("another issuer of the assertion", Issuer, |r| assertion(r).issuer = Some("https://evil.example.org".into())),
    ("no issuer of the assertion", Issuer, |r| assertion(r).issuer = None),
    ("no confirmation", Subject, |r| assertion(r).confirmations.clear()),
    ("holder of key", Subject, |r| confirmation(r).method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key".into()),
    ("another recipient", Subject, |r| confirmation(r).recipient = Some("https://evil.example.org/".into())),
    ("no recipient", Subject, |r| confirmation(r).recipient = None),
    ("another request of the subject", Subject, |r| confirmation(r).in_response_to = Some("_other".into())),
    ("no request of the subject", Subject, |r| confirmation(r).in_response_to = None),
    ("a confirmation without end", Subject, |r| confirmation(r).not_on_or_after = None),
    ("a confirmation that is over", Expired, |r| confirmation(r).not_on_or_after = at(-60)),
    ("a confirmation of tomorrow", Early, |r| confirmation(r).not_before = at(86_400)),
    ("an end that is no time", Malformed, |r| confirmation(r).not_on_or_after = Some("soon".into())),
    ("no conditions", Audience, |r| assertion(r).conditions_xml = Some(String::new())),
    ("conditions that are over", Expired, |r| assertion(r).not_on_or_after = at(-60)),
    ("conditions of tomorrow", Early, |r| assertion(r).not_before = at(61)),
    ("no audience", Audience, |r| assertion(r).audiences.clear()),
    ("an empty audience", Audience, |r| assertion(r).audiences = vec![Vec::new()]),
    ("another audience", Audience, |r| assertion(r).audiences = vec![vec!["https://other.example.org".into()]]),
    ("one audience too many", Audience, |r| assertion(r).audiences.push(vec!["https://other.example.org".into()])),
    ("an unknown condition", Condition, |r| assertion(r).in_conditions = "<saml:Condition/>".into()),
    ("a foreign condition", Condition, |r| assertion(r).in_conditions = "<OneTimeUse xmlns=\"urn:x\"/>".into()),
    ("an assertion of tomorrow", Early, |r| assertion(r).issue_instant = at(61)),
    ("an assertion of before the login", Stale, |r| assertion(r).issue_instant = at(-91)),
    ("a response of tomorrow", Early, |r| r.issue_instant = at(61)),
    ("a response of before the login", Stale, |r| r.issue_instant = at(-91)),
    ("no session", Session, |r| assertion(r).sessions.clear()),
    ("a session of tomorrow", Session, |r| assertion(r).sessions[0].authn_instant = at(61)),
    ("a session without beginning", Session, |r| assertion(r).sessions[0].authn_instant = None),
    ("a session that is over", Session, |r| assertion(r).sessions[0].not_on_or_after = at(-60)),
    ("no identifier", Attribute, |r| assertion(r).attributes.retain(|(name, _)| name != IDENTIFIER)),
    ("two identifiers", Attribute, |r| assertion(r).attributes[0].1.push("other@egi.eu".into())),
    ("an identifier of blanks", Attribute, |r| assertion(r).attributes[0].1 = vec!["  ".into()]),
    ("a long identifier", Attribute, |r| assertion(r).attributes[0].1 = vec!["x".repeat(256)]),
    ("a line in the identifier", Attribute, |r| assertion(r).attributes[0].1 = vec!["a\nb".into()]),
    ("an identifier by its friendly name", Attribute, |r| {
        assertion(r).attributes[0].0 = "urn:oid:1.2.3\" FriendlyName=\"voPersonID".into();
    }),
    ("a name that is encrypted", Encrypted, |r| {
        assertion(r).name_id = None;
        assertion(r).in_subject = "<saml:EncryptedID/>".into();
    }),
];

/// A change of a valid response that is allowed.
type Allowed = (&'static str, fn(&mut ResponseFacts));

const ALLOWED: &[Allowed] = &[
    ("nothing", |_| {}),
    ("no issuer of the response", |r| r.issuer = None),
    ("white space around an issuer", |r| r.issuer = Some(format!("\n  {}\n ", IDP))),
    ("once only", |r| assertion(r).in_conditions = "<saml:OneTimeUse/><saml:ProxyRestriction Count=\"0\"/>".into()),
    ("several audiences", |r| assertion(r).audiences[0].insert(0, "https://other.example.org".into())),
    ("two restrictions with us in both", |r| {
        let again = assertion(r).audiences.clone();
        assertion(r).audiences.extend(again);
    }),
    ("the last second of everything", |r| {
        confirmation(r).not_on_or_after = at(-59);
        assertion(r).not_on_or_after = at(-59);
        assertion(r).sessions[0].not_on_or_after = at(-59);
    }),
    ("the first second of everything", |r| {
        confirmation(r).not_before = at(60);
        assertion(r).not_before = at(60);
        assertion(r).sessions[0].authn_instant = at(60);
        assertion(r).issue_instant = at(60);
        r.issue_instant = at(-90);
    }),
    ("a bearer after another confirmation", |r| {
        let mut other = confirmation(r).clone();
        other.method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".into();
        assertion(r).confirmations.insert(0, other);
    }),
    ("times without zone", |r| r.issue_instant = r.issue_instant.take().map(|time| time.replace('Z', ""))),
    ("no end of the session", |r| assertion(r).sessions[0].not_on_or_after = None),
    ("the identifier twice", |r| assertion(r).attributes[0].1.push(format!(" {PERSON} "))),
    ("the identifier under its old name", |r| {
        assertion(r).attributes[0].0 = "urn:oid:1.3.6.1.4.1.34998.3.3.1.6".into();
    }),
    ("a structured value", |r| {
        assertion(r).in_attributes = "<saml:Attribute Name=\"urn:oid:1.3.6.1.4.1.5923.1.1.1.10\"><saml:AttributeValue>\
                                      <saml:NameID>x</saml:NameID></saml:AttributeValue></saml:Attribute>"
            .into();
    }),
];

#[test]
fn a_message_that_is_wrong_in_one_respect_is_refused_for_it() {
    for (name, expected, change) in ROWS {
        let mut response = valid();
        change(&mut response);
        for form in FORMS {
            // What is not there cannot be signed.
            if response.assertion.is_none() && form != SignedBy::Response {
                continue;
            }
            let message = signed(&response, form);
            assert_eq!(class(&message), Some(*expected), "{name}, {form:?}: {:?}", check(&message));
        }
    }
}

#[test]
fn a_message_that_is_right_is_accepted() {
    for (name, change) in ALLOWED {
        let mut response = valid();
        change(&mut response);
        for form in FORMS {
            let accepted = check(&signed(&response, form)).unwrap_or_else(|why| panic!("{name}, {form:?}: {why}"));
            assert_eq!(accepted.identity.identifiers, [PERSON], "{name}");
            assert_eq!(accepted.identity.display_name, "Ana Horvat");
            assert_eq!(accepted.identity.mail, "ana@example.org");
            assert_eq!(accepted.session.idp, IDP);
        }
    }
}

#[test]
fn the_destination_is_needed_only_if_the_response_is_signed() {
    let mut response = valid();
    response.destination = None;
    assert_eq!(class(&signed(&response, SignedBy::Assertion)), None);
    assert_eq!(class(&signed(&response, SignedBy::Both)), Some(Destination));
}

#[test]
fn the_session_has_the_name_with_all_its_attributes_and_the_earliest_end() {
    let mut response = valid();
    let name_id = assertion(&mut response).name_id.as_mut().unwrap();
    name_id.name_qualifier = Some(String::new());
    name_id.sp_provided_id = Some("x&y".to_owned());
    let name_id = name_id.clone();
    let mut second = assertion(&mut response).sessions[0].clone();
    second.index = Some("second".to_owned());
    second.not_on_or_after = at(600);
    assertion(&mut response).sessions.push(second);
    let session = check(&signed(&response, SignedBy::Both)).unwrap().session;
    assert_eq!(session.name_id, name_id);
    assert_eq!(session.session_indexes.len(), 2);
    assert_eq!(session.session_indexes[1], "second");
    assert_eq!(session.ends_by, Some(now() + chrono::TimeDelta::seconds(660)));
}

#[test]
fn a_subject_of_another_form_than_a_mail_address_is_kept_with_commas() {
    let mut response = valid();
    let attributes = &mut assertion(&mut response).attributes;
    attributes.push(("urn:oid:2.5.4.49".into(), vec!["/C=HR/O=SRCE/CN=Ana Horvat".into()]));
    attributes[2].1 = vec!["not an address".into()];
    let identity = check(&signed(&response, SignedBy::Both)).unwrap().identity;
    assert_eq!(identity.certificate_subject, "CN=Ana Horvat,O=SRCE,C=HR");
    assert_eq!(identity.mail, "", "what is no address is left out");
    assert_eq!(identity.identifiers, [PERSON]);
}
