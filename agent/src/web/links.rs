use pointsman_core::{environment::EnvironmentName, render::page};

use crate::config::Server;

/// The address of the page, for whatever is written elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(Option<String>);

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page<'p> {
    /// All environments.
    Estate,
    /// One environment.
    Environment(&'p EnvironmentName),
    /// A pull request, by number.
    Pull(u64),
}

impl Links {
    /// As configured; without `public_url` nothing is linked.
    pub fn of(server: &Server) -> Self {
        Self(server.public_url.as_ref().map(|url| url.base().to_owned()))
    }

    /// Where a page is; none where nobody said how the page is reached.
    pub fn link_to(&self, to: Page<'_>) -> Option<String> {
        let base = self.0.as_ref()?;
        let path = match to {
            Page::Estate => "/".to_owned(),
            Page::Environment(name) => page::environment_path(name),
            Page::Pull(number) => page::pull_path(number),
        };
        Some(format!("{base}{path}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use pointsman_core::environment::EnvironmentName;

    use super::{Links, Page};
    use crate::config::{PublicUrl, Server};

    #[test]
    fn links_lead_to_the_public_address() {
        let name = EnvironmentName::parse("production/web").unwrap();
        let url = PublicUrl::parse("https://ops.example.com/pointsman/").unwrap();
        let links = Links::of(&Server { listen: None, public_url: Some(url) });
        let to = |page| links.link_to(page).unwrap();
        assert_eq!(
            to(Page::Environment(&name)),
            "https://ops.example.com/pointsman/environments/production/web"
        );
        assert_eq!(to(Page::Pull(7)), "https://ops.example.com/pointsman/pulls/7");
        assert_eq!(to(Page::Estate), "https://ops.example.com/pointsman/");
        assert_eq!(Links::default().link_to(Page::Pull(7)), None);
    }
}
