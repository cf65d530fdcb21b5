//! Whole files: their values, and errors that name the place and never a value.

use std::net::IpAddr;

use super::*;
use crate::domain::web::host::AllowedHosts;

/// A file of POEM 2.3. No message may show a value that contains `hush`.
const GOOD: &str = "[DEFAULT]
VENV = /srv/poem/
[GENERAL]
Debug = False
TimeZone = Europe/Zagreb
[DATABASE]
Name = poem
User = poemuser
Password = hush#1
Host = localhost
Port = 5432
[SECURITY]
AllowedHosts = a.example.org, b.example.org
CAPath = /etc/grid-security/certificates/
SecretKeyPath = %(VENV)s/etc/poem/secret_key
[GENERAL_EGI]
Namespace = hr.cro-ngi.TEST
[SUPERUSER_EGI]
Name = test
Password = hush#2
Email = test@example.org
[SYNC_EGI]
UsePlainHttpAuth = yes
HttpUser = someone
HttpPass = hush#3
VO = https://portal.example.org/vo
";

fn load_env(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("poem.conf");
    std::fs::write(&file, text).unwrap();
    Config::load_with(&file, variables.iter().map(|(name, value)| (name.into(), value.into())))
}

fn load(text: &str) -> Result<Config, ConfigError> {
    load_env(text, &[])
}

/// The good file with one line replaced.
fn changed(line: &str, by: &str) -> String {
    assert!(GOOD.contains(line), "{line}");
    GOOD.replacen(line, by, 1)
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("etc").join(name)
}

#[test]
fn management_listens_on_loopback_and_only_if_a_port_is_set() {
    for (keys, expected) in [
        ("", None),
        ("ManagementPort = 0\n", None),
        ("ManagementAddress = 10.0.0.1\n", None),
        ("ManagementPort = 8001\n", Some("127.0.0.1:8001")),
        ("ManagementPort = 8001\nManagementAddress = ::1\n", Some("[::1]:8001")),
    ] {
        let config = load(&format!("{GOOD}[SERVER]\n{keys}")).unwrap();
        assert_eq!(config.server.management.map(|address| address.to_string()).as_deref(), expected, "{keys}");
    }
}

#[test]
fn a_file_of_poem_2_3_is_understood() {
    let config = load(GOOD).unwrap();
    assert_eq!(config.venv, Path::new("/srv/poem"));
    assert_eq!(config.logging_path(), Path::new("/srv/poem/etc/poem/poem_logging.conf"));
    assert_eq!(config.general, General { debug: false, timezone: chrono_tz::Europe::Zagreb });
    assert_eq!(config.database.password.expose(), "hush#1");
    assert_eq!((config.database.host.as_str(), config.database.port), ("localhost", 5432));
    assert_eq!(config.security.allowed_hosts, AllowedHosts::new(&["a.example.org", "b.example.org"]));
    assert_eq!(config.security.ca_file, None);
    assert_eq!(config.security.secret_key_path, Path::new("/srv/poem//etc/poem/secret_key"));
    assert_eq!(config.server, ServerConfig::default());
    assert_eq!(config.webapi, None);
}

#[test]
fn tenants_have_their_own_sections_under_their_upper_case_name() {
    let config = load(GOOD).unwrap();
    assert_eq!(config.tenant_general("egi").unwrap().unwrap().namespace, "hr.cro-ngi.TEST");
    assert_eq!(config.tenant_general("Egi").unwrap().unwrap().saml_login_string, "");
    assert_eq!(config.tenant_general("eudat").unwrap(), None);
    let superuser = config.superuser("EGI").unwrap();
    assert_eq!((superuser.name.as_str(), superuser.password.expose()), ("test", "hush#2"));
    let sync = config.sync("egi").unwrap().unwrap();
    assert!(sync.use_plain_http_auth && sync.max_removed_percent == 20);
    assert_eq!((sync.vo.as_str(), sync.services.as_str()), ("https://portal.example.org/vo", ""));
    let sections: Vec<_> = config.tenant_sections().collect();
    assert_eq!(sections, ["GENERAL_EGI", "SUPERUSER_EGI", "SYNC_EGI"]);
}

#[test]
fn the_server_section_replaces_the_defaults() {
    let config = load(&format!(
        "{GOOD}[SERVER]\naddress = ::1\nport = 0\ntrustedproxies = 10.0.0.1\nuser = poem\nstaticpath = /s\n"
    ));
    let server = config.unwrap().server;
    assert_eq!((server.address, server.port), ("::1".parse::<IpAddr>().unwrap(), 0));
    assert_eq!(server.trusted_proxies, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
    assert_eq!(server.user.as_deref(), Some("poem"));
    assert_eq!((server.static_path, server.templates_path), (Some("/s".into()), None));
}

#[test]
fn booleans_are_words_in_any_case() {
    for (word, value) in [("TRUE", true), ("yes", true), ("On", true), ("1", true)].into_iter().chain([
        ("false", false),
        ("No", false),
        ("off", false),
        ("0", false),
        ("", false),
    ]) {
        let config = load(&changed("Debug = False", &format!("Debug = {word}"))).unwrap();
        assert_eq!(config.general.debug, value, "{word}");
    }
}

#[test]
fn default_values_are_inherited_and_local_ones_win() {
    let text = changed("[GENERAL]\nDebug = False\n", "Debug = True\nPort = 1\n[GENERAL]\n");
    let config = load(&text).unwrap();
    assert!(config.general.debug);
    assert_eq!(config.database.port, 5432);
}

#[test]
fn a_database_may_be_reached_by_a_unix_socket() {
    let config = load(&changed("Host = localhost", "Host = /run/pg")).unwrap();
    assert_eq!(config.database.host, "/run/pg");
    let config = load(&changed("Host = localhost\nPort = 5432", "Host =\nPort =")).unwrap();
    assert_eq!(config.database.host, "/var/run/postgresql");
    assert_eq!(config.database.port, 5432);
}

#[test]
fn the_environment_overrides_the_file_and_is_literal() {
    let config = load_env(
        GOOD,
        &[
            ("POEM__DATABASE__PASSWORD", "%(a)%b%%"),
            ("poem__default__venv", "/opt/poem"),
            ("POEM__SUPERUSER_EUDAT__NAME", "root"),
            ("POEM__SUPERUSER_EUDAT__PASSWORD", "hush"),
            ("POEM__SUPERUSER_EUDAT__EMAIL", "root@example.org"),
            ("POEM__GENERAL_A__B__NAMESPACE", "a.b"),
            ("POEM__LONELY", "1"),
            ("POEM__X[9999999999].y__Z", "1"),
            ("POEM_CONF", "/elsewhere"),
        ],
    )
    .unwrap();
    assert_eq!(config.database.password.expose(), "%(a)%b%%");
    assert_eq!(config.security.secret_key_path, Path::new("/opt/poem/etc/poem/secret_key"));
    assert_eq!(config.superuser("eudat").unwrap().name, "root");
    assert_eq!(config.tenant_general("a__b").unwrap().unwrap().namespace, "a.b");
}

#[test]
fn a_bad_value_of_the_environment_is_named_with_its_variable() {
    let message = load_env(GOOD, &[("POEM__DATABASE__PORT", "hush")]).unwrap_err().to_string();
    assert!(message.ends_with(
        "poem.conf overridden by POEM__DATABASE__PORT in the environment: \
         [DATABASE] Port is not a port number (0 to 65535)"
    ));
}

#[test]
fn a_variable_that_is_not_text_is_named_without_its_value() {
    use std::os::unix::ffi::OsStringExt;
    let bad = OsString::from_vec(b"hush\xff".to_vec());
    let error = Config::load_with(&shipped("poem.conf"), [("POEM__DATABASE__PASSWORD".into(), bad)]).unwrap_err();
    assert!(error.to_string().contains("POEM__DATABASE__PASSWORD") && !error.to_string().contains("hush"));
}

#[test]
fn an_error_names_its_place_in_one_line() {
    let cases = [
        (GOOD.replace("[GENERAL]", "[general]"), "poem.conf: [GENERAL] is missing"),
        (GOOD.replace("[DATABASE]", "[OTHER]"), "poem.conf: [DATABASE] is missing"),
        (GOOD.replace("[SECURITY]", "[OTHER]"), "poem.conf: [SECURITY] is missing"),
        (changed("Debug = False\n", ""), "poem.conf: [GENERAL] Debug is missing"),
        (changed("Debug = False", "Debug = hush"), "line 4: [GENERAL] Debug is not a boolean (True or False)"),
        (changed("Europe/Zagreb", "hush"), "line 5: [GENERAL] TimeZone is not a time zone such as Europe/Zagreb"),
        (changed("Name = poem\n", ""), "poem.conf: [DATABASE] Name is missing"),
        (changed("Name = poem\n", "Name =\n"), "line 7: [DATABASE] Name is empty"),
        (changed("Password = hush#1\n", ""), "poem.conf: [DATABASE] Password is missing"),
        (changed("Password = hush#1", "Password = hu%sh"), "line 9: [DATABASE] Password has a `%` that is neither"),
        (changed("hush#1", "%(hush)s"), "line 9: [DATABASE] Password refers to a %(NAME)s that is set neither"),
        (changed("hush#1", "%(User)s%(password)s"), "line 9: [DATABASE] Password has %(NAME)s references that lead"),
        (changed("Port = 5432", "Port = hush"), "line 11: [DATABASE] Port is not a port number (0 to 65535)"),
        (changed("Port = 5432", "Port = 65536"), "line 11: [DATABASE] Port is not a port number (0 to 65535)"),
        (changed("Port = 5432\n", ""), "poem.conf: [DATABASE] Port is missing"),
        (changed("a.example.org, b.example.org", " , "), "line 13: [SECURITY] AllowedHosts is empty"),
        (changed("SecretKeyPath", "SecretKey"), "poem.conf: [SECURITY] SecretKeyPath is missing"),
        (changed("Port = 5432", "Port = 5432\nport = hush"), "line 12: [DATABASE] port occurs twice in the file"),
        (changed("Port = 5432", "Port = 5432\nhush"), "line 12: [DATABASE] has a line that is neither"),
        (format!("{GOOD}[SERVER]\nAddress = hush"), "line 28: [SERVER] Address is not an IP address"),
        (format!("{GOOD}[SERVER]\nTrustedProxies = hush"), "line 28: [SERVER] TrustedProxies is not a list of IP"),
        (format!("hush = 1\n{GOOD}"), "line 1: key before the first [section]"),
    ];
    for (text, expected) in cases {
        let error = load(&text).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected) && message.contains("/poem.conf"), "{message}\n{expected}");
        assert!(!message.contains("hush") && !message.contains('\n'), "{message}");
        assert!(!format!("{error:?}").contains("hush"));
    }
}

#[test]
fn an_error_in_a_tenants_section_appears_only_when_it_is_read() {
    let config = load(&changed("UsePlainHttpAuth = yes", "UsePlainHttpAuth = hush")).unwrap();
    assert!(config.sync("EGI").unwrap_err().to_string().contains("[SYNC_EGI] UsePlainHttpAuth is not a boolean"));
    let config = load(&changed("HttpUser = someone\n", "")).unwrap();
    assert!(config.sync("EGI").unwrap_err().to_string().contains("[SYNC_EGI] HttpUser is empty"));
    let config = load(&changed("Password = hush#2", "Password =")).unwrap();
    let message = config.superuser("EGI").unwrap_err().to_string();
    assert!(message.ends_with("poem.conf, line 20: [SUPERUSER_EGI] Password is empty"), "{message}");
    assert!(config.superuser("EUDAT").unwrap_err().to_string().ends_with("[SUPERUSER_EUDAT] is missing"));
    assert_eq!(config.sync("EUDAT").unwrap(), None);
    for percentage in ["101", "-1", "many", "300"] {
        let with = format!("HttpUser = someone\nMaxRemovedPercent = {percentage}\n");
        let config = load(&changed("HttpUser = someone\n", &with)).unwrap();
        let message = config.sync("EGI").unwrap_err().to_string();
        assert!(message.contains("[SYNC_EGI] MaxRemovedPercent is not a percentage (0 to 100)"), "{message}");
    }
}

#[test]
fn the_web_api_has_both_addresses_or_none() {
    const BOTH: &str = "MetricProfile = https://a.org/m//\nAggregationProfile = http://[::1]:8/a\n";
    let webapi = |keys: &str| load(&format!("{GOOD}[WEBAPI]\n{keys}")).map(|config| config.webapi);
    let found = webapi(BOTH).unwrap().unwrap();
    assert_eq!(
        (found.metric_profile.as_str(), found.aggregation_profile.as_str()),
        ("https://a.org/m", "http://[::1]:8/a")
    );
    assert_eq!((found.timeout.as_secs(), found.reports), (10, None));
    let found = webapi(&format!("{BOTH}Timeout = 15\nReports = https://a.org/r")).unwrap().unwrap();
    assert_eq!((found.timeout.as_secs(), found.reports.as_deref()), (15, Some("https://a.org/r")));
    assert_eq!(webapi("ThresholdsProfile = https://a.org/t\n"), Ok(None));
    let one = BOTH.lines().next().unwrap();
    let with = |address: &str| format!("{one}\nAggregationProfile = {address}\n");
    for (keys, expected) in [
        (one.to_owned(), "poem.conf: [WEBAPI] AggregationProfile is missing"),
        (with("http://b.org/a").replace("MetricProfile", "Reports"), "poem.conf: [WEBAPI] MetricProfile is missing"),
        (with(""), "line 29: [WEBAPI] AggregationProfile is empty"),
        (with("https://a.org/a?hush"), "line 29: [WEBAPI] AggregationProfile is not an address"),
        (with("https://a.org/a#hush"), "AggregationProfile is not an address"),
        (with("https://u:hush@a.org/a"), "AggregationProfile is not an address"),
        (with("ftp://a.org/hush"), "AggregationProfile is not an address"),
        (with("https://a.org/"), "AggregationProfile is not an address"),
        (with("/hush"), "AggregationProfile is not an address"),
        (format!("{BOTH}Reports ="), "line 30: [WEBAPI] Reports is empty"),
        (format!("{BOTH}Timeout = 0"), "line 30: [WEBAPI] Timeout is not a number of seconds from 1 to 15"),
        (format!("{BOTH}Timeout = 16"), "line 30: [WEBAPI] Timeout is not a number of seconds from 1 to 15"),
    ] {
        let message = webapi(&keys).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("poem.conf") && !message.contains("hush"), "{message}");
    }
}

#[test]
fn an_unencrypted_address_of_the_web_api_is_named() {
    let text = "[WEBAPI]\nMetricProfile = http://a.org/m\nAggregationProfile = http://127.0.0.1:80/a\n";
    let problems = load(&format!("{GOOD}{text}")).unwrap().unencrypted_tokens();
    assert!(problems.len() == 1 && problems[0].contains("[WEBAPI] MetricProfile is http"), "{problems:?}");
    assert!(load(GOOD).unwrap().unencrypted_tokens().is_empty());
}

#[test]
fn keys_of_the_successor_are_known() {
    let text = "[WEBAPI]\nOperationsProfile = x\nthresholdsprofile = y\nTimeoutt = 1\n";
    let unknown: Vec<_> =
        load(&format!("{GOOD}{text}")).unwrap().unknown_keys().iter().map(ToString::to_string).collect();
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].ends_with("did you mean Timeout?"), "{unknown:?}");
}

#[test]
fn debug_output_shows_no_secret() {
    let config = load(GOOD).unwrap();
    let shown = format!("{config:?} {:?} {:?}", config.superuser("EGI").unwrap(), config.sync("EGI").unwrap());
    assert!(shown.contains("Europe/Zagreb") && !shown.contains("hush"), "{shown}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/nowhere/poem.conf")).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/poem.conf: cannot be read: No such file"), "{error}");
}

#[test]
fn the_shipped_file_is_valid() {
    let config = Config::load_with(&shipped("poem.conf"), []).unwrap();
    assert_eq!(config.venv, Path::new("/home/pyvenv/poem"));
    assert_eq!(config.server, ServerConfig::default());
    assert_eq!(config.tenant_sections().count(), 3);
    assert!(config.superuser("EGI").is_ok() && config.sync("EGI").is_ok());
    assert!(config.tenant_general("EGI").unwrap().is_some());
}

#[test]
fn the_optional_keys_of_the_shipped_file_are_valid_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("poem.conf");
    let text = std::fs::read_to_string(shipped("poem.conf")).unwrap();
    // Explanations have a space after the sign; disabled keys and sections have none.
    let all: Vec<&str> =
        text.lines().map(|line| line.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(line)).collect();
    std::fs::write(&file, all.join("\n")).unwrap();
    let config = Config::load_with(&file, []).unwrap();
    assert_eq!(config.server.user.as_deref(), Some("apache"));
    assert_eq!(
        (config.server.address, config.server.port),
        (ServerConfig::default().address, ServerConfig::default().port)
    );
    assert_eq!(config.server.trusted_proxies, ServerConfig::default().trusted_proxies);
    assert!(config.webapi.is_some_and(|webapi| !webapi.metric_profile.is_empty()));
}

#[test]
fn a_look_that_cannot_be_used_is_named_and_leaves_the_rest_alone() {
    let keys = "[GENERAL_EGI]\nColor = navy\nLetter = EGI\nFooterLogo = https://x.example.org/a.svg\n\
                FooterLinks = Status\nFooterText = words";
    let config = load(&changed("[GENERAL_EGI]", keys)).unwrap();
    let branding = config.branding_of("EGI");
    assert_eq!((branding.footer.text.as_str(), branding.color.name()), ("words", "teal"));
    assert_eq!(config.general_of("EGI").namespace, "hr.cro-ngi.TEST");
    let problems: Vec<_> = config.branding_problems().iter().map(ConfigError::to_string).collect();
    for (problem, end) in problems.iter().zip([
        "poem.conf, line 17: [GENERAL_EGI] Color is not one of teal, green, olive, brown, pink, violet, blue and slate",
        "poem.conf, line 18: [GENERAL_EGI] Letter is not one or two letters or digits",
        "poem.conf, line 19: [GENERAL_EGI] FooterLogo is not a path on this server such as /static/local/funder.svg",
        "poem.conf, line 20: [GENERAL_EGI] FooterLinks is not a list such as Status=https://…, Support=https://…",
    ]) {
        assert!(problem.ends_with(end), "{problem}");
    }
    assert_eq!(problems.len(), 4, "{problems:?}");
}
