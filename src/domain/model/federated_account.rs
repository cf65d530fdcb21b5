//! Accounts of federated identities: their usernames, and the personal data that a login updates.

use deunicode::deunicode;

use super::federated_identity::FederatedIdentity;
use super::user::{MAX_NAME, UserContent};
use crate::domain::form::text;

/// The maximum length of an e-mail address, in characters.
const MAX_MAIL: usize = 254;
/// The maximum length of the subject of a certificate, in characters.
const MAX_SUBJECT: usize = 512;

/// The words of the first page after the first login of a person.
pub const WELCOME: &str = "Your account is new. You can read everything. To change probes, metrics or profiles, ask an \
                           administrator of this POEM to add you to a group.";

/// Returns the usernames that POEM 2.3 would have given to this person, without duplicates.
pub fn old_usernames(identity: &FederatedIdentity) -> Vec<String> {
    let mut names = Vec::new();
    for name in full_names(identity) {
        let ascii = deunicode(&name);
        // Transliterations of Chinese characters end with a blank, which 2.3 kept or not, depending on the version.
        for username in [ascii.replace(' ', "_"), ascii.trim().replace(' ', "_"), words_joined(&ascii)] {
            if !username.is_empty() && !names.contains(&username) {
                names.push(username);
            }
        }
    }
    names
}

/// Returns the username for a new account of this person. `taken` are the usernames that begin with [`username_prefix`].
pub fn new_username(identity: &FederatedIdentity, taken: &[String]) -> String {
    let base = base_username(identity);
    let is_taken = |name: &str| taken.iter().any(|other| other.eq_ignore_ascii_case(name));
    if !is_taken(&base) {
        return base;
    }
    let numbered = |number: usize| {
        let suffix = format!("_{number}");
        let kept = &base[..base.len().min(MAX_NAME - suffix.len())];
        format!("{kept}{suffix}")
    };
    // One of them is free: there are more numbers than taken names.
    (2..=taken.len() + 2).map(numbered).find(|name| !is_taken(name)).unwrap_or(base)
}

/// Returns the beginning, in lower case, of all usernames that [`new_username`] can return.
pub fn username_prefix(identity: &FederatedIdentity) -> String {
    let base = base_username(identity);
    // Room for `_` and nineteen digits.
    base[..base.len().min(MAX_NAME - 20)].to_ascii_lowercase()
}

/// Returns the username without a number, which is ASCII.
fn base_username(identity: &FederatedIdentity) -> String {
    let mut names = full_names(identity).into_iter().map(|name| valid_username(&deunicode(&name)));
    names.find(|name| name.contains(|c: char| c.is_ascii_alphanumeric())).unwrap_or_else(|| {
        let identifier = identity.identifiers.first().map(String::as_str).unwrap_or_default();
        let digits: String =
            openssl::sha::sha256(identifier.as_bytes())[..4].iter().map(|b| format!("{b:02x}")).collect();
        format!("user_{digits}")
    })
}

/// Returns the words with `_` between them, without the characters that no username has, and cut.
fn valid_username(ascii: &str) -> String {
    let joined = words_joined(ascii);
    joined.chars().filter(|c| c.is_ascii_alphanumeric() || "@.+-_".contains(*c)).take(MAX_NAME).collect()
}

fn words_joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join("_")
}

/// Returns the display name, and given name and surname with `_` between them, as far as they are known.
fn full_names(identity: &FederatedIdentity) -> Vec<String> {
    let mut names = vec![identity.display_name.clone()];
    if !identity.given_name.is_empty() && !identity.surname.is_empty() {
        names.push(format!("{}_{}", identity.given_name, identity.surname));
    } else {
        names.push(format!("{}{}", identity.given_name, identity.surname));
    }
    names.retain(|name| !name.trim().is_empty());
    names
}

/// Returns the content of an account with the personal data of the identity. Data that it does not have stay as they are.
pub fn updated(account: &UserContent, identity: &FederatedIdentity) -> UserContent {
    let mut content = account.clone();
    let (first, last) = first_and_last_name(identity);
    let cut = |name: &str| text::line(&name.chars().take(MAX_NAME).collect::<String>());
    for (field, value) in [
        (&mut content.first_name, cut(&first)),
        (&mut content.last_name, cut(&last)),
        (&mut content.display_name, cut(&identity.display_name)),
        (&mut content.email, within(&identity.mail, MAX_MAIL)),
        (&mut content.distinguished_name, within(&identity.certificate_subject, MAX_SUBJECT)),
    ] {
        if !value.is_empty() {
            *field = value;
        }
    }
    content
}

/// Returns the text if it is not too long; else ''. A part of it would be another address.
fn within(value: &str, max: usize) -> String {
    if value.chars().count() <= max { text::line(value) } else { String::new() }
}

/// Returns given name and surname; without both, the parts of the display name before and after its first blank.
fn first_and_last_name(identity: &FederatedIdentity) -> (String, String) {
    if !(identity.given_name.is_empty() && identity.surname.is_empty()) {
        return (identity.given_name.clone(), identity.surname.clone());
    }
    let display = identity.display_name.trim();
    let (first, last) = display.split_once(char::is_whitespace).unwrap_or((display, ""));
    (first.to_owned(), last.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(display_name: &str, given_name: &str, surname: &str) -> FederatedIdentity {
        FederatedIdentity {
            identifiers: vec!["abc@egi.eu".into()],
            display_name: display_name.into(),
            given_name: given_name.into(),
            surname: surname.into(),
            ..FederatedIdentity::default()
        }
    }

    #[test]
    fn the_usernames_of_2_3_come_from_both_names() {
        assert_eq!(old_usernames(&named("Ivan Ilić", "Ivan", "Ilić")), ["Ivan_Ilic"]);
        assert_eq!(
            old_usernames(&named("Dr. Ivan  Ilić", "Ivan", "Ilić")),
            ["Dr._Ivan__Ilic", "Dr._Ivan_Ilic", "Ivan_Ilic"]
        );
        assert_eq!(old_usernames(&named("", "Žuža", "Novák")), ["Zuza_Novak"]);
        assert!(old_usernames(&named("", "", "")).is_empty());
        assert_eq!(old_usernames(&named("admin", "", "")), ["admin"]);
    }

    #[test]
    fn a_new_username_is_valid_and_free() {
        let ivan = named("Ivan Ilić", "", "");
        let taken =
            |names: &[&str]| new_username(&ivan, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(taken(&[]), "Ivan_Ilic");
        assert_eq!(taken(&["ivan_ilic"]), "Ivan_Ilic_2");
        assert_eq!(taken(&["Ivan_Ilic", "Ivan_Ilic_2", "Ivan_Ilic_4"]), "Ivan_Ilic_3");
        assert_eq!(username_prefix(&ivan), "ivan_ilic");
        for (display, username) in [
            (" Žuži\t o'Neil ", "Zuzi_oNeil"),
            ("<b>x</b> & \"y\"", "bxb__y"),
            ("Пётр Ильич", "Piotr_Ilich"),
            ("!!!", "user_c86f9859"),
            ("\0\u{202e}", "user_c86f9859"),
        ] {
            assert_eq!(new_username(&named(display, "", ""), &[]), username, "{display}");
        }
        assert_eq!(new_username(&named("!!!", "Žuža", "Nová"), &[]), "Zuza_Nova");
        assert!(new_username(&named("", "", ""), &[]).starts_with("user_"));
        assert_eq!(new_username(&named("", "", ""), &[]).len(), "user_".len() + 8);
    }

    #[test]
    fn long_usernames_are_cut_before_their_number() {
        let long = named(&"ž".repeat(200), "", "");
        let first = new_username(&long, &[]);
        assert_eq!(first, "z".repeat(150));
        let second = new_username(&long, &[first]);
        assert_eq!(second, format!("{}_2", "z".repeat(148)));
        assert!(second.starts_with(&username_prefix(&long)));
    }

    #[test]
    fn a_login_updates_what_it_has() {
        let stored = UserContent {
            first_name: "Old".into(),
            last_name: "Name".into(),
            email: "old@example.org".into(),
            ..UserContent::to_add()
        };
        assert_eq!(updated(&stored, &named("", "", "")), stored);
        let names = |display, given, surname| {
            let content = updated(&stored, &named(display, given, surname));
            (content.first_name, content.last_name)
        };
        let pair = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(names("Ana Maria Lopez", "", ""), pair("Ana", "Maria Lopez"));
        assert_eq!(names("Plato", "", ""), pair("Plato", "Name"));
        assert_eq!(names("Display Name", "", "Lopez"), pair("Old", "Lopez"));
        assert_eq!(names("", &"é".repeat(151), "x"), pair(&"é".repeat(150), "x"));
        let mail = FederatedIdentity { mail: "a".repeat(255), ..named("", "", "") };
        assert_eq!(updated(&stored, &mail).email, "old@example.org");
    }
}
