//! The header `Cookie`, read cookie by cookie: one that is malformed does no harm to others.

/// Returns the values of the cookies with this name in a Cookie header, undecoded. What is not a cookie is ignored.
pub fn values<'a>(header: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    header.split(';').filter_map(move |one| {
        let (of, value) = one.split_once('=')?;
        (of.trim() == name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cookie_is_read_by_itself() {
        let header = "name=J\u{fffd}rg; =x; sessionid;csrftoken=a; sessionid = 1 ;sessionid=2=3; \"; xsessionid=4";
        assert_eq!(values(header, "sessionid").collect::<Vec<_>>(), ["1", "2=3"]);
        assert_eq!(values(header, "csrftoken").collect::<Vec<_>>(), ["a"]);
        assert_eq!(values("", "sessionid").count(), 0);
    }
}
