//! Static files and media, which Apache serves.

use std::fs;
use std::os::unix::fs::symlink;

use super::Site;
use crate::support::apache::Surroundings;

const VENDOR: &str = "/static/vendor/README.md";

#[test]
fn apache_serves_the_files_with_the_caching_of_the_server() {
    let Some(site) = Site::start() else { return };
    for (target, kind) in
        [("/static/poem.css", "text/css"), ("/static/js/poem.js", "application/javascript"), (VENDOR, "")]
    {
        let answer = site.get(target, &[]);
        let from_server = site.server.get(target);
        assert_eq!((answer.status, &answer.body), (200, &from_server.body), "{target}");
        assert_eq!(answer.header("Cache-Control"), from_server.header("Cache-Control"), "{target}");
        assert!(answer.header("Content-Type").is_none_or(|given| given == kind), "{answer:?}");
        let etag = answer.header("ETag").expect("it has a tag").to_owned();
        assert_ne!(Some(etag.as_str()), from_server.header("ETag"), "it is Apache's");

        let again = site.get(target, &[("If-None-Match", &etag)]);
        assert_eq!((again.status, again.header("Cache-Control")), (304, answer.header("Cache-Control")), "{target}");
    }
    let media = site.get("/poem_media/logo.svg", &[]);
    assert_eq!((media.status, media.header("Cache-Control")), (200, Some("no-cache")), "{media:?}");
    // An error is not cached for a year.
    let missing = site.get("/static/vendor/other-1.0.0/other.js", &[]);
    assert_eq!((missing.status, missing.header("Cache-Control")), (404, None), "{missing:?}");
    let through_server = site.stopped().lines().filter(|line| line.contains("/static/")).count();
    assert_eq!(through_server, 3, "only those sent to the server itself");
}

#[test]
fn nothing_but_files_is_served() {
    let open = "<Directory ROOT/venv>\nOptions All\nAllowOverride All\nRequire all granted\n</Directory>\n";
    let surroundings = Surroundings { last: open, ..Surroundings::AS_SHIPPED };
    let Some(site) = Site::start_in(&surroundings) else { return };
    let files = site.apache.path("venv/usr/share/poem/static");
    fs::write(site.apache.path("secret"), "secret").unwrap();
    symlink(site.apache.path("secret"), files.join("link.css")).unwrap();
    symlink("/", files.join("root")).unwrap();
    fs::write(files.join("js/.htaccess"), "Options +Indexes +FollowSymLinks\nRequire all denied\n").unwrap();
    assert_eq!(site.get("/static/js/poem.js", &[]).status, 200, "the file .htaccess is not read");
    symlink(site.apache.path("secret"), site.apache.path("venv/usr/share/poem/media/link.svg")).unwrap();
    for target in ["/static/", "/static/js/", "/static/vendor/", "/poem_media/", "/poem_media/link.svg"] {
        let answer = site.get(target, &[]);
        assert!([403, 404].contains(&answer.status) && !answer.text().contains("Index of"), "{target}: {answer:?}");
    }
    for target in [
        "/static/link.css",
        "/static/root/etc/passwd",
        "/static/js/.htaccess",
        "/static/..%2f..%2f..%2f..%2f..%2fsecret",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret",
        "/static/../../../../../secret",
        "/static../templates/base.html.tera",
        "/usr/share/poem/static/poem.css",
    ] {
        let status = site.get(target, &[]).status;
        assert!([400, 403, 404].contains(&status), "{target}: {status}");
    }
}
