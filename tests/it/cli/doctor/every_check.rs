//! Every check of `poem doctor` is broken once, and then says so.

use std::any::Any;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use poem::cli::doctor::Check;

use super::{examined, healthy, write_system_file};
use crate::federation::{IDP, SIGNER, good, metadata_of, write_metadata};
use crate::support::pgbouncer::PgBouncer;
use crate::support::sql::sql;
use crate::support::{DisposableDatabase, Installation};

/// An installation in which a check finds something.
struct Broken {
    installation: Installation,
    /// `WRONG` or `note`.
    mark: &'static str,
    words: &'static str,
    /// What must live as long as the installation.
    _needs: Box<dyn Any>,
}

fn wrong(installation: Installation, words: &'static str) -> Option<Broken> {
    Some(Broken { installation, mark: "WRONG", words, _needs: Box::new(()) })
}

fn note(installation: Installation, words: &'static str) -> Option<Broken> {
    Some(Broken { mark: "note", ..wrong(installation, words)? })
}

/// A healthy installation with a change of poem.conf.
fn configured(old: &str, new: &str) -> Installation {
    let installation = healthy();
    installation.configure(old, new);
    installation
}

/// A healthy installation with statements run in its database.
fn altered(statements: &str) -> Installation {
    let installation = healthy();
    sql(&installation, &statements.replace("{database}", &installation.database));
    installation
}

fn set_mode(installation: &Installation, file: &str, mode: u32) {
    fs::set_permissions(installation.path(file), fs::Permissions::from_mode(mode)).unwrap();
}

/// A healthy installation with the addresses of an ARGO WEB-API that does not listen.
fn with_web_api() -> Installation {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let keys = format!("MetricProfile = http://{address}/m\nAggregationProfile = http://{address}/a\n");
    configured("[SERVER]\n", &format!("[WEBAPI]\n{keys}[SERVER]\n"))
}

/// A healthy installation with this metadata file, and these settings in `[SAML]`.
fn federated(metadata: &str, settings: &str) -> Installation {
    let installation = configured("[SERVER]\n", &format!("[SAML]\n{settings}[SERVER]\n"));
    write_metadata(&installation, metadata);
    installation
}

/// A key that is none.
const NO_CERTIFICATE: &str = "<KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate>\
                              </ds:X509Data></ds:KeyInfo></KeyDescriptor>";

/// Makes POEM connect as a role that is not a superuser, with these rights.
fn as_plain_role(installation: &Installation, grants: &str) {
    let role = format!("plain_{}", installation.database);
    sql(installation, &format!("CREATE ROLE {role} LOGIN; {}", grants.replace("{role}", &role)));
    installation.configure("User = poem\n", &format!("User = {role}\n"));
}

/// A healthy installation in an operating system with this file.
fn with_system_file(path: &str, text: &str) -> Installation {
    let installation = healthy();
    write_system_file(&installation, path, text);
    installation
}

/// An installation that the service user owns in part, and of which root's cron runs a command.
fn run_by_roots_cron() -> Installation {
    let installation = healthy();
    let command = format!("30 0 * * * root {} -s\n", installation.path("bin/poem-db").display());
    write_system_file(&installation, "/etc/cron.d/poem-clearsessions", &command);
    if nix::unistd::geteuid().is_root() {
        installation.configure("[SERVER]\nUser = root\n", "[SERVER]\nUser = nobody\n");
        let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap().uid.as_raw();
        std::os::unix::fs::chown(installation.path("etc"), Some(nobody), None).unwrap();
    }
    installation
}

/// A database that is not UTF-8.
fn in_sql_ascii() -> Installation {
    let installation = Installation::bare();
    let name = format!("{}_ascii", installation.database);
    let create = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    sql(&installation, &format!("CREATE DATABASE \"{name}\" {create}"));
    installation.configure(&format!("Name = {}\n", installation.database), &format!("Name = {name}\n"));
    installation
}

/// Breaks what the check looks at; `None` if that is impossible here.
fn broken(check: Check) -> Option<Broken> {
    match check {
        Check::Configuration => wrong(configured("Port = 8000", "Port = eight"), "is not a port number"),
        Check::ServiceUser => {
            let user = nix::unistd::geteuid().is_root().then_some("root")?;
            let old = format!("[SERVER]\nUser = {user}\n");
            wrong(configured(&old, "[SERVER]\nUser = no-such-user\n"), "there is no user no-such-user")
        }
        Check::UnknownKey => note(
            configured("[SERVER]\n", "[SERVER]\nSessionIdleMinute = 30\n"),
            "[SERVER] sessionidleminute is not known to POEM and has no effect; did you mean SessionIdleMinutes?",
        ),
        Check::ConfigurationMode => {
            let installation = healthy();
            set_mode(&installation, "etc/poem/poem.conf", 0o644);
            wrong(installation, "has passwords and is readable by all users: run chmod o= ")
        }
        Check::WebApiEncryption => {
            let keys = "MetricProfile = http://a.org/m\nAggregationProfile = https://a.org/a\n";
            let installation = configured("[SERVER]\n", &format!("[WEBAPI]\n{keys}[SERVER]\n"));
            note(installation, "[WEBAPI] MetricProfile is http: the token can be read on the way")
        }
        Check::WebApiToken => note(with_web_api(), "EGI: POEM has no token for the ARGO WEB-API."),
        Check::WebApiCalls => {
            let installation = with_web_api();
            installation.run("poem-token", &["-t", "WEB-API", "-s", "egi", "-o", "a-token"]).done();
            let words = "[WEBAPI] MetricProfile with the token of EGI: The ARGO WEB-API cannot be reached.";
            wrong(installation, words)
        }
        Check::SecretKey => {
            let installation = healthy();
            set_mode(&installation, "etc/poem/secret_key", 0o602);
            wrong(installation, "is readable or writable by all users: run chmod 0600 ")
        }
        Check::PreviousSecretKey => wrong(
            configured("[SERVER]\n", "PreviousSecretKeyPath = /nowhere\n[SERVER]\n"),
            "previous secret key /nowhere",
        ),
        Check::Environment => {
            wrong(with_system_file("/etc/sysconfig/poem", "# ok\nA=$HOME\n"), "/etc/sysconfig/poem, line 2: a value ")
        }
        Check::Owners => wrong(run_by_roots_cron(), "can change what root runs or reads: "),
        Check::OldVirtualenv => {
            let installation = healthy();
            fs::create_dir_all(installation.path("lib/python3.6/site-packages/Poem")).unwrap();
            note(installation, "POEM 2.3 has left files that POEM 3 does not use: rm -rf ")
        }
        Check::OldFiles => note(
            with_system_file("/etc/cron.d/poem-syncvosf.poem-2.3.rpmorig", ""),
            "files of POEM 2.3 were replaced; carry over what you had changed in them",
        ),
        Check::NewConfiguration => {
            let installation = healthy();
            fs::write(installation.path("etc/poem/poem.conf.rpmnew"), "").unwrap();
            note(installation, "poem.conf is next to it: compare with diff ")
        }
        Check::SelinuxPort => note(
            with_system_file("/sys/fs/selinux/enforce", "1"),
            "SELinux: httpd may not connect to port 8000: set Port = 8008 here and in the vhost",
        ),
        Check::SelinuxLabels => {
            let installation = with_system_file("/sys/fs/selinux/enforce", "1");
            let venv = format!("VENV = {}\n", installation.path("").display().to_string().trim_end_matches('/'));
            installation.configure(&venv, "VENV = /home/nowhere/poem\n");
            note(installation, "SELinux: httpd can read files below /home/nowhere/poem only if they are labelled: see ")
        }
        Check::HostKeyMode => {
            let installation = healthy();
            fs::write(installation.path("key.pem"), "").unwrap();
            set_mode(&installation, "key.pem", 0o644);
            let path = installation.path("key.pem");
            installation.configure("[SERVER]\n", &format!("HostKey = {}\n[SERVER]\n", path.display()));
            wrong(installation, "[SECURITY] HostKey: all users can use ")
        }
        Check::SecurityFiles => {
            note(configured("[SERVER]\n", "CAFile = /nowhere\n[SERVER]\n"), "CAFile: /nowhere does not exist")
        }
        Check::CaCertificates => {
            let installation =
                configured("[SERVER]\n", "CAPath = /nowhere\n[SYNC_EGI]\nVO = https://127.0.0.1:1/\n[SERVER]\n");
            wrong(installation, "CA certificates in /nowhere: No such file or directory")
        }
        Check::ClientCertificate => {
            let keys =
                "HostCert = /nowhere\nHostKey = /nowhere\n[SYNC_EGI]\nServiceType = https://127.0.0.1:1/\n[SERVER]\n";
            wrong(configured("[SERVER]\n", keys), "[SECURITY] HostCert /nowhere: No such file or directory")
        }
        Check::Feeds => {
            let installation = configured("[SERVER]\n", "[SYNC_EGI]\nVO = file:///nowhere\n[SERVER]\n");
            installation.run("poem-syncvo", &[]);
            wrong(installation, "VOs of EGI: failed: VO card - file:///nowhere: No such file")
        }
        Check::ManagementAddress => note(
            configured("[SERVER]\n", "[SERVER]\nManagementPort = 1\nManagementAddress = 0.0.0.0\n"),
            "served at 0.0.0.0:1, also to other machines",
        ),
        Check::Logging => {
            let installation = healthy();
            fs::remove_file(installation.path("etc/poem/poem_logging.conf")).unwrap();
            wrong(installation, "cannot be read")
        }
        Check::Directories => {
            wrong(configured("TemplatesPath = /", "TemplatesPath = /nowhere/"), "there is no directory /nowhere/")
        }
        Check::SslMode => {
            // This machine, but not by a name that says so.
            let installation = healthy();
            let host = format!("Host = {}\nPort = {}\n", installation.host(), installation.port());
            installation.configure(&host, "Host = 0.0.0.0\nPort = 1\n");
            note(installation, "nothing proves that 0.0.0.0 is the database")
        }
        Check::Connection => wrong(configured("Name = poem_", "Name = nowhere_"), "nowhere_"),
        Check::Pooler => {
            let installation = healthy();
            let pooler = PgBouncer::start(&installation, "transaction")?;
            pooler.stand_before(&installation);
            let found = wrong(installation, "a pooler in transaction mode, which mixes up sessions: set pool_mode")?;
            Some(Broken { _needs: Box::new(pooler), ..found })
        }
        // Tested next to its code: there is no such PostgreSQL here.
        Check::Version => None,
        Check::Encoding => {
            wrong(in_sql_ascii(), "has the encoding SQL_ASCII, and POEM needs UTF8: run CREATE DATABASE")
        }
        Check::Writable => {
            let mut database = DisposableDatabase::with_settings(&[("wal_level", "replica")]);
            let installation = database.installation();
            database.stop();
            database.become_standby();
            database.start();
            let found = wrong(installation, "PostgreSQL is a standby server: logins and saving get 503")?;
            Some(Broken { _needs: Box::new(database), ..found })
        }
        Check::Triggers => wrong(
            altered("ALTER ROLE poem IN DATABASE \"{database}\" SET session_replication_role = replica"),
            "triggers do not run",
        ),
        Check::Grants => {
            let installation = Installation::bare();
            as_plain_role(&installation, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
            wrong(
                installation,
                "cannot create POEM's tables: run, as a superuser, GRANT USAGE, CREATE ON SCHEMA public TO",
            )
        }
        Check::Migrations => wrong(Installation::bare(), "schema public: pending: 0001_initial"),
        Check::Tables => wrong(altered("DROP TABLE egi.aggregation CASCADE"), "schema egi: missing: aggregation"),
        Check::Owner => {
            let installation = healthy();
            let grants = ["public", "egi"].map(|schema| {
                format!(
                    "GRANT USAGE ON SCHEMA {schema} TO {{role}}; GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {{role}};
                     GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {{role}};"
                )
            });
            as_plain_role(&installation, &grants.concat());
            note(installation, "schema egi: poem-db -a will fail: other roles own ")
        }
        Check::Tenants => note(altered("DELETE FROM public.tenant WHERE name = 'EGI'"), "there is no tenant yet"),
        Check::TenantSections => wrong(configured("[GENERAL_EGI]", "[GENERAL_OLD]"), "[GENERAL_EGI] is missing"),
        Check::Placeholder => {
            note(configured("Password = poem-secret-1", "Password = CHANGE_ME"), "Password is still CHANGE_ME")
        }
        Check::AllowedHosts => wrong(
            configured("AllowedHosts = *", "AllowedHosts = other.example.org"),
            "AllowedHosts does not allow localhost",
        ),
        // Broken by the environment: see the test of its own.
        Check::XmlSignatures => None,
        Check::FederatedLogin => wrong(federated("<html/>", ""), "metadata-egi.xml: it is not SAML metadata"),
        Check::IdpCertificates => {
            let text = good().replace("<SingleSignOn", &format!("{NO_CERTIFICATE}<SingleSignOn"));
            note(federated(&text, ""), "EGI: left out: certificate 2: ")
        }
        Check::IdpExpiry => {
            let soon = chrono::Utc::now() + chrono::TimeDelta::days(7);
            let attribute = format!("validUntil=\"{}\"", soon.format("%Y-%m-%dT%H:%M:%SZ"));
            note(federated(&metadata_of(IDP, &attribute, &[&SIGNER]), ""), "metadata-egi.xml expires on ")
        }
        Check::SamlKey => {
            wrong(federated(&good(), "Cert = /nowhere\nKey = /nowhere\n"), "federated login of EGI: /nowhere: No such")
        }
        Check::SignedRequests => wrong(federated(&good(), ""), "wants signed requests: make a key with poem saml key"),
        Check::SamlBaseUrl => wrong(
            federated(&good(), "BaseUrl = https://other.localhost\n"),
            "does not lead to the tenant's host localhost",
        ),
        Check::SamlEntityId => {
            let installation = federated(&good(), "EntityId = urn:poem\n");
            installation.run("poem-tenant", &["-t", "TWO", "-d", "two.localhost"]).done();
            fs::write(installation.path("etc/poem/metadata-two.xml"), good()).unwrap();
            wrong(installation, "EGI and TWO have the same entity id urn:poem: set EntityId or BaseUrl")
        }
        Check::SamlServiceName => note(federated(&good(), ""), "[GENERAL_EGI] SamlServiceName is empty"),
        Check::SamlContacts => note(federated(&good(), ""), "EGI: [SAML] TechnicalContact is not set"),
        Check::FederatedAccounts => note(
            altered(
                "INSERT INTO egi.app_user (username, password) VALUES ('claimed', '!');
                 INSERT INTO egi.saml_claim (user_id, identity, idp, display_name, mail, state)
                 SELECT id, 'x@egi.eu', '', '', '', 'open' FROM egi.app_user WHERE username = 'claimed'",
            ),
            "EGI: federated logins ask for 1 account: link or refuse them in the list of users",
        ),
    }
}

#[test]
fn every_check_finds_what_it_is_for() {
    for check in Check::ALL {
        let Some(Broken { installation, mark, words, _needs }) = broken(*check) else { continue };
        let ran = examined(&installation);
        let start = format!("  {mark:<5}  ");
        let is_it = |line: &str| line.starts_with(&start) && line.contains(words);
        assert!(ran.stdout.lines().any(is_it), "{check:?}: {words}: {ran:#?}");
        // Notes end with 0, what is wrong with 1.
        assert_eq!(ran.status, i32::from(ran.stdout.contains("  WRONG  ")), "{check:?}: {ran:#?}");
    }
}

#[test]
fn xml_signatures_that_cannot_be_verified_are_a_problem() {
    let installation = federated(&good(), "");
    let ran = installation.run("poem", &["doctor"]);
    assert!(ran.stdout.contains("  ok     signatures of identity providers are checked\n"), "{ran:?}");
    // An OpenSSL that may only use algorithms which nobody provides.
    let policy = installation.path("openssl.cnf");
    let text = "openssl_conf = init\n[init]\nalg_section = algorithms\nproviders = providers\n[algorithms]\n\
                default_properties = fips=yes\n[providers]\ndefault = default\n[default]\nactivate = 1\n";
    fs::write(&policy, text).unwrap();
    let output = installation.command("poem").arg("doctor").env("OPENSSL_CONF", &policy).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let wrong = "  WRONG  signatures of identity providers are checked: the certificate of the sample cannot be used: ";
    assert!(output.status.code() == Some(1) && stdout.contains(wrong), "{stdout}");
}

#[test]
fn a_database_that_never_answers_ends_the_check() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let installation = healthy();
    let old = format!("Host = {}\nPort = {}\n", installation.host(), installation.port());
    let port = silent.local_addr().unwrap().port();
    installation.configure(&old, &format!("Host = 127.0.0.1\nPort = {port}\n"));
    let ran = installation.run("poem", &["doctor"]);
    assert!(ran.status == 1 && ran.stdout.contains("the database is not available: timeout"), "{ran:?}");
}

#[test]
fn a_role_without_rights_on_a_tenant_is_named() {
    let installation = healthy();
    as_plain_role(
        &installation,
        "GRANT USAGE ON SCHEMA public TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
    );
    let ran = installation.run("poem", &["doctor"]);
    assert!(ran.stdout.contains("  WRONG  schema egi: no right to use it: run, as its owner, GRANT USAGE"), "{ran:?}");
    let role = format!("plain_{}", installation.database);
    sql(
        &installation,
        &format!("GRANT USAGE ON SCHEMA egi TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA egi TO {role}"),
    );
    let ran = installation.run("poem", &["doctor"]);
    let wrong = "  WRONG  schema egi: no right to read and write aggregation, ";
    assert!(ran.status == 1 && ran.stdout.contains(wrong), "{ran:?}");
}

#[test]
fn poem_db_c_refuses_what_cannot_work_and_names_the_remedy() {
    let ran = in_sql_ascii().run("poem-db", &["-c"]);
    super::super::said(&ran, 1, "has the encoding SQL_ASCII, and POEM needs UTF8: run CREATE DATABASE");
    let installation = Installation::bare();
    as_plain_role(&installation, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let ran = installation.run("poem-db", &["-c"]);
    let role = format!("plain_{}", installation.database);
    let database = &installation.database;
    let grants = format!(
        "GRANT USAGE, CREATE ON SCHEMA public TO \"{role}\"; GRANT CREATE ON DATABASE \"{database}\" TO \"{role}\""
    );
    super::super::said(&ran, 1, &grants);
    sql(&installation, &grants);
    installation.run("poem-db", &["-c"]).done();
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    let ran = installation.run("poem", &["doctor"]).done();
    assert!(ran.stdout.ends_with("All is well.\n") && !ran.stdout.contains("  note   schema"), "{ran:?}");
}

#[test]
fn the_server_warns_about_passwords_that_all_users_can_read_and_starts() {
    let installation = Installation::with_tenants();
    set_mode(&installation, "etc/poem/poem.conf", 0o644);
    let server = crate::support::Server::start(&installation);
    assert_eq!(server.knows(|server| server.get("/poem/api/0.2/json/profiles")).status, 200);
    assert!(installation.log().contains("has passwords and is readable by all users"), "{}", installation.log());
    // Without passwords, or if these are in the environment, the mode is right.
    installation.configure("Password = database-password\n", "Password =\n");
    installation.configure("Password = poem-secret-1\n", "Password = CHANGE_ME\n");
    let mut doctor = installation.command("poem");
    doctor.arg("doctor").env("POEM__DATABASE__PASSWORD", "x").env("POEM__SUPERUSER_EGI__PASSWORD", "y");
    let output = String::from_utf8(doctor.output().unwrap().stdout).unwrap();
    assert!(!output.contains("readable by all users"), "{output}");
}

#[test]
fn names_that_nothing_reads_are_noted_with_what_was_probably_meant() {
    let installation = healthy();
    installation.configure(
        "[SERVER]\n",
        "WebRoot = /srv\n[Server]\nPort = 1\n[DATABSE]\nName = x\n[WEATHER]\nSun = 1\n[SERVER]\nTemplatePath = %(webroot)s\n",
    );
    let mut doctor = installation.command("poem");
    doctor.arg("doctor").env("POEM__SERVER__USR", "x").env("POEM_SERVER_PORT", "1").env("POEM__SECURITY__HOSTKEY", "");
    let output = String::from_utf8(doctor.output().unwrap().stdout).unwrap();
    for words in [
        "[Server] is not known to POEM and has no effect; did you mean SERVER?",
        "[DATABSE] is not known to POEM and has no effect; did you mean DATABASE?",
        "[WEATHER] is not known to POEM and has no effect\n",
        "[SERVER] templatepath is not known to POEM and has no effect; did you mean TemplatesPath?",
        "overridden by POEM__SERVER__USR in the environment: [SERVER] usr is not known",
        "overridden by POEM_SERVER_PORT in the environment: is not known to POEM and has no effect; did you mean \
         POEM__SECTION__KEY",
    ] {
        assert!(output.contains(words), "{words}: {output}");
    }
    // A key that another value refers to is in use, and so are keys that are known but not used yet.
    assert!(!output.to_lowercase().contains("webroot is not") && !output.contains("hostkey is not"), "{output}");
}
