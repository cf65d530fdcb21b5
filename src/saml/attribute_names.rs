//! The short names of attributes in poem.conf, and the `Name`s that they stand for in assertions.

/// A known attribute.
struct KnownAttribute {
    short: &'static str,
    /// The name, as most identity providers send it.
    name: &'static str,
    /// An older name; '' for none.
    old: &'static str,
}

const fn known(short: &'static str, name: &'static str) -> KnownAttribute {
    KnownAttribute { short, name, old: "" }
}

/// The prefix of names that are object identifiers.
const OID: &str = "urn:oid:";
/// The prefix of names in SAML 1, which some identity providers still send.
const MACE: &str = "urn:mace:dir:attribute-def:";

/// The known attributes, from the schemas eduPerson, voPerson, inetOrgPerson and the SAML subject identifiers.
const KNOWN: [KnownAttribute; 12] = [
    KnownAttribute {
        short: "voPersonID",
        name: "urn:oid:1.3.6.1.4.1.25178.4.1.6",
        // Its number before 2020.
        old: "urn:oid:1.3.6.1.4.1.34998.3.3.1.6",
    },
    known("eduPersonUniqueId", "urn:oid:1.3.6.1.4.1.5923.1.1.1.13"),
    known("subject-id", "urn:oasis:names:tc:SAML:attribute:subject-id"),
    known("pairwise-id", "urn:oasis:names:tc:SAML:attribute:pairwise-id"),
    known("displayName", "urn:oid:2.16.840.1.113730.3.1.241"),
    known("givenName", "urn:oid:2.5.4.42"),
    known("sn", "urn:oid:2.5.4.4"),
    known("mail", "urn:oid:0.9.2342.19200300.100.1.3"),
    known("distinguishedName", "urn:oid:2.5.4.49"),
    known("voPersonCertificateDN", "urn:oid:1.3.6.1.4.1.25178.4.1.3"),
    known("eduPersonEntitlement", "urn:oid:1.3.6.1.4.1.5923.1.1.1.7"),
    known("uid", "urn:oid:0.9.2342.19200300.100.1.1"),
];

fn find(configured: &str) -> Option<&'static KnownAttribute> {
    KNOWN.iter().find(|known| known.short.eq_ignore_ascii_case(configured))
}

/// Returns every `Name` that a configured attribute stands for: those of a known short name, else the name itself.
pub fn names_of(short: &str) -> Vec<String> {
    let Some(known) = find(short) else { return vec![short.to_owned()] };
    let names = [known.name.to_owned(), known.old.to_owned(), format!("{MACE}{}", known.short), known.short.to_owned()];
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

/// Returns the `Name` to ask for, if it is an object identifier: `urn:oid:2.5.4.4` for `sn` and for itself.
pub fn oid_of(short: &str) -> Option<&str> {
    let name = find(short).map_or(short, |known| known.name);
    name.starts_with(OID).then_some(name)
}

/// Returns the short name of a configured attribute, for people; the name itself if it has none.
pub fn short_name_of(configured: &str) -> &str {
    let by_name = KNOWN.iter().find(|known| known.name == configured || known.old == configured);
    find(configured).or(by_name).map_or(configured, |known| known.short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_stands_for_several_names() {
        assert_eq!(names_of("sn"), ["urn:oid:2.5.4.4", "urn:mace:dir:attribute-def:sn", "sn"].map(str::to_owned));
        assert_eq!(names_of("VOPERSONID").len(), 4);
        assert_eq!(names_of("https://example.org/id"), ["https://example.org/id"]);
        assert_eq!(names_of("urn:oid:2.5.4.4"), ["urn:oid:2.5.4.4"]);
    }

    #[test]
    fn only_object_identifiers_are_asked_for() {
        assert_eq!(oid_of("mail"), Some("urn:oid:0.9.2342.19200300.100.1.3"));
        assert_eq!(oid_of("urn:oid:1.2.3"), Some("urn:oid:1.2.3"));
        assert_eq!((oid_of("subject-id"), oid_of("https://example.org/id")), (None, None));
        assert_eq!((short_name_of("urn:oid:2.5.4.4"), short_name_of("x")), ("sn", "x"));
    }
}
