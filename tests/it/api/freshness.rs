//! Responses show the current data and the current poem.conf; and tenants are isolated from each other.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::installation::EGI_TOKEN;
use crate::support::{HttpResponse, Installation, Server, block_on, fixture};

const PROFILES: &str = "/poem/api/v2/profiles/";
const TWO_TOKEN: &str = "2222222222222222bbbbbbbbbbbbbbbb";

/// Starts a server with small.json.
fn start() -> (Installation, Server) {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    (installation, server)
}

/// Fails unless the value is as wanted within a second from now: no response is more stale.
#[track_caller]
fn within_a_second<T: PartialEq + std::fmt::Debug>(wanted: T, request: impl Fn() -> T) {
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        // A request that was sent in time may be answered after the end.
        let is_in_time = Instant::now() < end;
        let found = request();
        if found == wanted {
            return;
        }
        assert!(is_in_time, "{found:?} instead of {wanted:?}");
    }
}

/// Sends a GET to a host, with an API key.
fn get_at(server: &Server, host: &str, target: &str, token: &str) -> HttpResponse {
    server.knows(|server| server.send("GET", target, &[("Host", host), ("X-API-KEY", token)], b""))
}

#[test]
fn a_key_is_accepted_and_revoked_within_a_second() {
    let (installation, server) = start();
    let status = |token: &str| server.knows(|server| server.get_with_key(PROFILES, token)).status;
    let token = |arguments: &[&str]| installation.run("poem-token", &[&["-s", "egi"], arguments].concat()).done();
    assert_eq!(status("first-token"), 403);
    token(&["-t", "NEW", "-o", "first-token"]);
    within_a_second(200, || status("first-token"));
    token(&["-t", "NEW", "-o", "second-token"]);
    within_a_second((403, 200), || (status("first-token"), status("second-token")));
    token(&["--revoke", "NEW"]);
    within_a_second(403, || status("second-token"));
    token(&["-t", "NEW", "-o", "third-token"]);
    server.catch_up();
    assert_eq!(status("third-token"), 403, "revoking is final");
    assert_eq!(status(EGI_TOKEN), 200);
}

#[test]
fn new_data_are_served_within_a_second() {
    let (installation, server) = start();
    let names = |target: &str| -> Vec<Value> {
        let list = server.get_with_key(target, EGI_TOKEN).json();
        list.as_array().unwrap().iter().map(|profile| profile["name"].clone()).collect()
    };
    let before = names(PROFILES);
    assert_eq!(names("/poem/api/0.2/json/profiles"), before);

    // The same dump, with another name for a profile.
    let dump = fs::read_to_string(fixture("small.json")).unwrap();
    let renamed = installation.path("renamed.json");
    fs::write(&renamed, dump.replace("ARGO_MON_CRITICAL", "ZERO_MON")).unwrap();
    let arguments = ["-d", "-n", "egi", "-f", renamed.to_str().unwrap(), "--replace", "--yes"];
    installation.run("poem-db", &arguments).done();

    let is_renamed =
        |names: &[Value]| !names.contains(&json!("ARGO_MON_CRITICAL")) && names.contains(&json!("ZERO_MON"));
    within_a_second(true, || is_renamed(&names(PROFILES)));
    let after = names(PROFILES);
    assert_eq!(names("/poem/api/0.2/json/profiles"), after);
    assert!(!is_renamed(&before));
    assert_eq!(server.get_with_key("/poem/api/v2/profiles/ZERO_MON", EGI_TOKEN).status, 200);
    assert_eq!(server.get_with_key("/poem/api/v2/profiles/ARGO_MON_CRITICAL", EGI_TOKEN).status, 404);
}

#[test]
fn a_session_ends_when_its_user_is_deactivated() {
    let (installation, server) = start();
    let cookie = format!("sessionid={}", installation.log_in("poem"));
    let status = || server.get_as("/poem/api/v2/internal/users/", &[("Cookie", &cookie)]).status;
    assert_eq!(status(), 200);
    block_on(async {
        let update = "UPDATE egi.app_user SET is_active = false WHERE username = 'poem'";
        sqlx::raw_sql(update).execute(&installation.pool()).await.unwrap();
    });
    assert_eq!(status(), 403);
}

#[test]
fn tenants_see_neither_the_data_nor_the_keys_of_others() {
    let (installation, server) = start();
    let lists = [PROFILES, "/poem/api/v2/metrics/", "/poem/api/v2/metrics/production"];
    for target in lists {
        assert_eq!(get_at(&server, "two.localhost", target, TWO_TOKEN).json(), json!([]), "{target}");
        assert_ne!(get_at(&server, "localhost", target, EGI_TOKEN).json(), json!([]), "{target}");
        assert_eq!(get_at(&server, "two.localhost", target, EGI_TOKEN).status, 403, "{target}");
        assert_eq!(get_at(&server, "localhost", target, TWO_TOKEN).status, 403, "{target}");
    }
    assert_eq!(get_at(&server, "two.localhost", "/poem/api/v2/profiles/ARGO_MON", TWO_TOKEN).status, 404);
    assert_eq!(get_at(&server, "two.localhost", "/poem/api/0.2/json/profiles", "").json(), json!([]));
    let cookie = format!("sessionid={}", installation.log_in("poem"));
    let status = |host: &str| {
        server.send("GET", "/poem/api/v2/internal/tokens/", &[("Host", host), ("Cookie", &cookie)], b"").status
    };
    assert_eq!((status("localhost"), status("two.localhost")), (200, 403));
}

#[test]
fn a_tenant_that_is_added_while_the_server_runs_is_served() {
    let (installation, server) = start();
    let old = "/poem/api/0.2/json/profiles";
    assert_eq!(get_at(&server, "three.example.org", old, "").status, 404);
    installation.run("poem-tenant", &["-t", "THREE", "-d", "three.example.org"]).done();
    within_a_second(200, || get_at(&server, "three.example.org", old, "").status);
    assert_eq!(get_at(&server, "three.example.org", old, "").json(), json!([]));
    installation.run("poem-token", &["-t", "C", "-s", "three", "-o", "third"]).done();
    within_a_second(200, || get_at(&server, "three.example.org", PROFILES, "third").status);
    assert_eq!(get_at(&server, "localhost", PROFILES, "third").status, 403);
}

#[test]
fn a_new_namespace_in_poem_conf_is_served_within_two_seconds() {
    let (installation, server) = start();
    let namespace = || {
        let answer = server.get("/poem/api/0.2/json/metrics_in_profiles?vo_name=ops");
        answer.json()[0]["profiles"][0]["namespace"].as_str().map(str::to_owned)
    };
    assert_eq!(namespace().as_deref(), Some("hr.cro-ngi.TEST"));
    let becomes = |wanted: &str| {
        let end = Instant::now() + Duration::from_secs(2);
        while namespace().as_deref() != Some(wanted) {
            assert!(Instant::now() < end, "{wanted}: {:?}", namespace());
        }
    };
    installation.configure("[GENERAL_EGI]\nNamespace = hr.cro-ngi.TEST\n", "");
    becomes("");
    assert!(installation.log().contains("EGI: the configuration has no section for this tenant"));
    installation.configure("[SUPERUSER_EGI]", "[GENERAL_EGI]\nNamespace = org.example\n[SUPERUSER_EGI]");
    becomes("org.example");
    // A configuration that cannot be read changes nothing.
    let good = fs::read(installation.config_path()).unwrap();
    fs::write(installation.config_path(), "[GENERAL\n").unwrap();
    let end = Instant::now() + Duration::from_secs(2);
    while !installation.log().contains("the configuration changed but cannot be read") {
        assert_eq!(namespace().as_deref(), Some("org.example"));
        assert!(Instant::now() < end, "{}", installation.log());
    }
    fs::write(installation.config_path(), good).unwrap();
    installation.configure("org.example", "org.example.two");
    becomes("org.example.two");
}
