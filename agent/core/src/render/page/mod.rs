//! The agent's own page, as HTML: works without JavaScript, and shows only.

mod environment;
mod estate;
mod html;
mod message;
mod plan;
mod progress;
mod pull;
mod setup;
mod sides;
#[cfg(test)]
mod tests;

pub use environment::environment;
pub use estate::estate;
pub use html::{Markup, html};
pub use message::{not_found, nothing_yet};
pub use pull::pull;
pub use setup::{AppForm, AppMade, app_form, app_made, app_refused};

use crate::{
    environment::EnvironmentName,
    render::{pull_request::titles, words},
    report::pull_request::Status,
};

/// How it looks; light and dark.
pub const STYLE: &str = include_str!("page.css");

/// Shows what changed without a reload.
pub const SCRIPT: &str = include_str!("page.js");

/// What all pages have around them.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'f> {
    /// What stands before every path: empty, or `/something` where a proxy takes it away.
    pub prefix: &'f str,
    /// The agent's own name.
    pub agent: &'f str,
    /// What is shown: changes with everything that can be seen.
    pub version: u64,
}

/// Where an environment's page is, below the prefix.
pub fn environment_path(name: &EnvironmentName) -> String {
    format!("/environments/{name}")
}

/// Where a pull request's page is, below the prefix.
pub fn pull_path(number: u64) -> String {
    format!("/pulls/{number}")
}

impl Frame<'_> {
    /// The whole page around its main part.
    pub fn around(&self, title: &str, main: &Markup) -> String {
        let mut page = Markup::new();
        page.html("<!doctype html>\n<html lang=\"en\" data-prefix=\"").text(self.prefix).html(
            "\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>",
        );
        page.text(title).html(" · Pointsman</title>\n<link rel=\"stylesheet\" href=\"").text(self.prefix);
        page.html("/page.css\">\n<script src=\"").text(self.prefix).html(
            "/page.js\" defer></script>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to content</a>\n\
             <header>\n<nav aria-label=\"Main\">",
        );
        page.html("<a class=\"brand\" href=\"").text(self.prefix).html("/\">Pointsman</a></nav>\n<p>agent ");
        page.html("<strong>")
            .text(self.agent)
            .html("</strong> <span id=\"live\" role=\"status\"></span></p>\n");
        page.html("</header>\n<main id=\"main\" tabindex=\"-1\" data-version=\"");
        page.text(&self.version.to_string()).html("\">\n").add(main).html(
            "</main>\n<footer><p>This page shows; it changes nothing. What to do is done in the pull request, or with \
             <code>pointsman</code>.</p></footer>\n</body>\n</html>\n",
        );
        page.into_string()
    }
}

/// A status as a word with a colour and a mark, so that neither is needed alone.
fn badge(status: Option<Status>) -> Markup {
    let mut badge = Markup::new();
    let Some(status) = status else {
        badge.html("<span class=\"badge idle\">not looked at yet</span>");
        return badge;
    };
    let (class, mark) = match titles::weight(status) {
        0 => ("good", "✓"),
        2 => ("busy", "…"),
        4 => ("bad", "✗"),
        _ => ("ask", "!"),
    };
    badge.html("<span class=\"badge ").html(class).html("\"><span aria-hidden=\"true\">").html(mark);
    badge.html("</span> ").text(titles::word(status)).html("</span>");
    badge
}

/// A commit, shortened; whole on pointing at it.
fn commit(id: &str) -> Markup {
    let mut markup = Markup::new();
    markup.html("<code title=\"").text(id).html("\">").text(words::short(id)).html("</code>");
    markup
}

/// A time (RFC 3339), to the second.
fn moment(time: &str) -> Markup {
    let mut markup = Markup::new();
    let shown = words::moment(time).replace('T', " ").replace('Z', " UTC");
    markup.html("<time datetime=\"").text(time).html("\">").text(&shown).html("</time>");
    markup
}

/// Our own plain text of several lines.
fn lines(class: &'static str, text: &str) -> Markup {
    let mut markup = Markup::new();
    markup.html("<div class=\"").html(class).html("\">");
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        markup.html("<p>").sentence(line).html("</p>");
    }
    markup.html("</div>\n");
    markup
}
