//! The sections and keys of poem.conf that POEM knows, those of POEM 2.3 included, whether they are used yet or not.

use similar::get_close_matches;

/// The keys of `[SAML]` and `[SAML_X]`.
const SAML: &[&str] = &[
    "Cert",
    "Key",
    "MoreCerts",
    "Metadata",
    "IdpEntityId",
    "BaseUrl",
    "EntityId",
    "SignRequests",
    "NameIdFormat",
    "ClockSkew",
    "SingleLogout",
    "CreateUsers",
    "Entitlements",
    "Identifier",
    "DisplayName",
    "GivenName",
    "Surname",
    "Mail",
    "CertificateSubject",
    "SupportContact",
    "TechnicalContact",
    "SecurityContact",
    "Description",
    "InformationUrl",
    "PrivacyUrl",
    "LogoUrl",
    "LogoSize",
];

/// The sections with their keys. A name that ends with `_` is followed by the name of a tenant.
const SECTIONS: &[(&str, &[&str])] = &[
    ("DEFAULT", &["VENV"]),
    ("GENERAL", &["Debug", "TimeZone"]),
    ("DATABASE", &["Name", "User", "Password", "Host", "Port", "SslMode", "CAFile"]),
    (
        "SECURITY",
        &["AllowedHosts", "CAFile", "CAPath", "HostCert", "HostKey", "SecretKeyPath", "PreviousSecretKeyPath"],
    ),
    (
        "SERVER",
        &[
            "Address",
            "Port",
            "ManagementAddress",
            "ManagementPort",
            "TrustedProxies",
            "StaleIfError",
            "ResponseCacheSize",
            "SessionIdleMinutes",
            "SessionMinutes",
            "User",
            "StaticPath",
            "TemplatesPath",
        ],
    ),
    ("WEBAPI", &["MetricProfile", "AggregationProfile", "Reports", "Timeout"]),
    (
        "GENERAL_",
        &[
            "Namespace",
            "SamlLoginString",
            "SamlServiceName",
            "Contact",
            "Color",
            "Letter",
            "FooterText",
            "FooterLogo",
            "FooterLogoText",
            "TermsUrl",
            "PrivacyUrl",
            "LicenceUrl",
            "FooterLinks",
        ],
    ),
    ("SAML", SAML),
    ("SAML_", SAML),
    ("SUPERUSER_", &["Name", "Password", "Email"]),
    ("SYNC_", &["UsePlainHttpAuth", "HttpUser", "HttpPass", "ServiceType", "VO", "Services", "MaxRemovedPercent"]),
];

/// The keys of the successor POEM-2 that POEM does not need: a file that both read has them.
const IGNORED: &[(&str, &[&str])] = &[(
    "WEBAPI",
    &[
        "ThresholdsProfile",
        "OperationsProfile",
        "ReportsTopologyTags",
        "ReportsTopologyGroups",
        "ReportsTopologyEndpoints",
        "ServiceTypes",
        "DataFeeds",
    ],
)];

/// The similarity from which a known name is suggested, from 0 to 1.
const SIMILAR: f32 = 0.6;

/// Returns the keys of a section; `None` if POEM knows no such section.
pub fn keys(section: &str) -> Option<&'static [&'static str]> {
    let is_it = |known: &str| match known.strip_suffix('_') {
        Some(_) => section.len() > known.len() && section.starts_with(known),
        None => section == known,
    };
    SECTIONS.iter().find(|(known, _)| is_it(known)).map(|(_, keys)| *keys)
}

/// Returns true if a section may have this key, in any case. In `[DEFAULT]` the keys of all sections have a meaning.
pub fn is_known(section: &str, key: &str) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|known| known.eq_ignore_ascii_case(key));
    match section {
        "DEFAULT" => SECTIONS.iter().any(|(_, keys)| has(keys)),
        _ => keys(section).is_some_and(has) || IGNORED.iter().any(|(of, keys)| *of == section && has(keys)),
    }
}

/// Returns the key of a section that was probably meant.
pub fn similar_key(section: &str, key: &str) -> Option<&'static str> {
    closest(key, keys(section)?)
}

/// Returns the section that was probably meant, with the name of the tenant if it has one.
pub fn similar_section(section: &str) -> Option<String> {
    let (prefix, tenant) = match section.split_once('_') {
        Some((prefix, tenant)) => (format!("{prefix}_"), tenant.to_uppercase()),
        None => (section.to_owned(), String::new()),
    };
    let known: Vec<_> = SECTIONS.iter().map(|(name, _)| *name).collect();
    closest(&prefix, &known).map(|name| format!("{name}{}", if name.ends_with('_') { &tenant } else { "" }))
}

/// Returns the most similar of the known names, whatever the case of letters.
fn closest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let lower: Vec<_> = known.iter().map(|name| name.to_lowercase()).collect();
    let candidates: Vec<_> = lower.iter().map(String::as_str).collect();
    let found = get_close_matches(name.to_lowercase().as_str(), &candidates, 1, SIMILAR).first().copied()?;
    known.iter().copied().find(|name| name.to_lowercase() == found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_has_every_key() {
        let shipped = include_str!("../../etc/poem.conf");
        for (section, keys) in SECTIONS {
            for key in *keys {
                let is_line = |line: &str| line.trim_start_matches('#').split('=').next().map(str::trim) == Some(key);
                assert!(shipped.lines().any(is_line), "[{section}] {key}");
            }
        }
    }

    #[test]
    fn a_misspelt_name_is_close_to_the_right_one() {
        assert_eq!(similar_key("SERVER", "sessionidleminute"), Some("SessionIdleMinutes"));
        assert_eq!(similar_key("DATABASE", "hostname"), Some("Host"));
        assert_eq!(similar_key("SERVER", "colour"), None);
        assert_eq!(similar_section("Server").as_deref(), Some("SERVER"));
        assert_eq!(similar_section("SUPERUSERS_egi").as_deref(), Some("SUPERUSER_EGI"));
        assert_eq!(similar_section("WEATHER"), None);
    }

    #[test]
    fn sections_of_tenants_have_a_tenant() {
        assert!(is_known("GENERAL_EGI", "namespace") && !is_known("GENERAL_", "namespace"));
        assert!(is_known("DEFAULT", "Namespace") && !is_known("GENERAL", "Namespace"));
    }
}
