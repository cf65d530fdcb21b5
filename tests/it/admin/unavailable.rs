//! A database that does not write for the moment: 503, and nothing that was typed is lost.

use super::page::Form;
use super::{AT, TestSite, add, all, open, save, submit};
use crate::support::HttpResponse;

/// Makes every save fail with the SQLSTATE in the table `refusal`: each save writes a log entry.
const REFUSE: &str = "
    CREATE TABLE public.refusal (code text);
    CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE code text;
    BEGIN
        FOR code IN SELECT r.code FROM public.refusal r LOOP RAISE EXCEPTION 'not now' USING ERRCODE = code; END LOOP;
        RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON egi.log_entry FOR EACH ROW EXECUTE PROCEDURE public.refuse();";

/// Of a database that is read-only, cannot serialize, deadlocks, is full, is being stopped.
const CODES: &[&str] = &["25006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "58030"];

/// Asserts that the response is the form with the same input, passwords left out, and says that nothing was saved.
#[track_caller]
fn kept(answer: &HttpResponse, typed: &Form, code: &str) {
    let page = answer.text();
    assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("5")), "{code}: {page}");
    assert!(page.contains("Nothing was saved: the database does not take changes at the moment."), "{code}: {page}");
    let shown = Form::read(&page).unwrap();
    let of = |form: &Form| {
        let is_own = |name: &str| name != "csrfmiddlewaretoken" && !name.starts_with("password");
        let mut pairs: Vec<_> = form_urlencoded::parse(form.body().as_bytes()).into_owned().collect();
        pairs.retain(|(name, value)| is_own(name) && !value.is_empty());
        pairs
    };
    assert_eq!((&shown.action, of(&shown)), (&typed.action, of(typed)), "{code}");
}

#[test]
fn every_form_is_shown_again_and_can_be_saved_later() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql(REFUSE);
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let mut addition = open(&mut root, &AT.addition(fixture.kind));
        fixture.fill(&mut addition, 2, "ARGO");
        let mut change = open(&mut root, &AT.change(fixture.kind, id));
        change.set(fixture.change.0, fixture.change.1[0]);
        for code in CODES {
            site.sql(&format!("INSERT INTO public.refusal VALUES ('{code}')"));
            kept(&submit(&mut root, &addition), &addition, code);
            kept(&submit(&mut root, &change), &change, code);
            site.sql("DELETE FROM public.refusal");
        }
        save(&mut root, &change);
    }
    assert!(site.installation.log().contains("the database is not available: not now"));
}

#[test]
fn an_error_of_poem_itself_is_still_500() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql(REFUSE);
    site.sql("INSERT INTO public.refusal VALUES ('XX000')");
    let (_, fixture) = all().next().unwrap();
    let mut form = open(&mut root, &AT.addition(fixture.kind));
    fixture.fill(&mut form, 1, "ARGO");
    assert_eq!(submit(&mut root, &form).status, 500);
}
