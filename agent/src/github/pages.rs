//! Where a list goes on.

use http::{HeaderMap, Uri};

/// What an answer says of the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Here, below the API's base.
    Page(String),
    /// There is none.
    Last,
    /// It says nothing, or names another host: pages are counted.
    Untold,
}

/// Reads the `link` header. What it names must lie below the configured base:
/// a page elsewhere is not asked.
pub(super) fn next(headers: &HeaderMap, base: &Uri) -> Next {
    let Some(links) = headers.get("link").and_then(|value| value.to_str().ok()) else { return Next::Untold };
    let mut rest = links;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let parameters = after.split_once('<').map_or(after, |(parameters, _)| parameters);
        if parameters.split([';', ',']).any(|parameter| parameter.trim() == "rel=\"next\"") {
            return below(target, base).map_or(Next::Untold, Next::Page);
        }
        rest = after;
    }
    Next::Last
}

fn below(target: &str, base: &Uri) -> Option<String> {
    let target: Uri = target.parse().ok()?;
    let (Some(theirs), Some(ours)) = (target.authority(), base.authority()) else { return None };
    if target.scheme() != base.scheme() || !theirs.as_str().eq_ignore_ascii_case(ours.as_str()) {
        return None;
    }
    let path = target.path_and_query()?.as_str();
    let path = path.strip_prefix(base.path().trim_end_matches('/'))?;
    path.starts_with('/').then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_next_page_lies_below_the_configured_base() {
        let told = |base: &str, link: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("link", link.parse().unwrap());
            next(&headers, &base.parse().unwrap())
        };
        let page = |path: &str| Next::Page(path.to_owned());
        let (public, own) = ("https://api.github.com", "https://ghe.example/api/v3");
        let both = "<https://api.github.com/repositories/1/pulls?a=1,2&page=1>; rel=\"prev\", <https://api.github.com/repositories/1/pulls?a=1,2&page=3>; rel=\"next\"";
        assert_eq!(told(public, both), page("/repositories/1/pulls?a=1,2&page=3"));
        assert_eq!(told(own, "<https://ghe.example/api/v3/x?page=2>; rel=\"next\""), page("/x?page=2"));
        assert_eq!(told(public, "<https://api.github.com/x?page=1>; rel=\"first\""), Next::Last);
        for foreign in [
            "<https://evil.example/x?page=2>; rel=\"next\"",
            "<http://ghe.example/api/v3/x?page=2>; rel=\"next\"",
            "<https://ghe.example:8443/api/v3/x?page=2>; rel=\"next\"",
            "<https://ghe.example/login?page=2>; rel=\"next\"",
            "<https://ghe.example/api/v3x?page=2>; rel=\"next\"",
            "</x?page=2>; rel=\"next\"",
        ] {
            assert_eq!(told(own, foreign), Next::Untold, "{foreign}");
        }
        assert_eq!(next(&HeaderMap::new(), &own.parse().unwrap()), Next::Untold);
    }
}
