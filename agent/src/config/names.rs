//! What addresses and names of repositories say.

pub(super) fn holds_password(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.contains(':') || scheme.starts_with("http")
}

/// The last two parts of an address: `owner/name`.
pub(super) fn name_in(url: &str) -> Option<String> {
    let path = url.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let mut parts = path.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    parts.next()?;
    Some(format!("{owner}/{name}"))
}

pub(super) fn owner_and_name(full: &str) -> Option<(String, String)> {
    let (owner, name) = full.split_once('/')?;
    let plain = |part: &str| {
        !part.is_empty()
            && part.len() <= 100
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    (plain(owner) && plain(name)).then(|| (owner.to_owned(), name.to_owned()))
}
