//! A comment as a page that looks as GitHub shows it, for people who judge it by eye.

use pulldown_cmark::{Event, Options, Parser, html};

const STYLE: &str = "
body { margin: 24px; color: #1f2328; background: #fff;
  font: 14px/1.5 -apple-system, 'Segoe UI', 'Noto Sans', Inter, Helvetica, Arial, sans-serif, 'Noto Color Emoji'; }
.comment { max-width: 840px; padding: 16px; border: 1px solid #d1d9e0; border-radius: 6px; }
h3 { font-size: 1.25em; } h4 { font-size: 1em; } h3, h4 { margin: 24px 0 16px; line-height: 1.25; }
.comment > :first-child { margin-top: 0; } p, ul, pre, table, blockquote, details { margin: 0 0 16px; }
ul { padding-left: 2em; } li + li { margin-top: .25em; }
code, pre { font: 85%/1.45 ui-monospace, 'Liberation Mono', 'DejaVu Sans Mono', monospace; }
code { padding: .2em .4em; border-radius: 6px; background: #818b981f; white-space: break-spaces; }
h3 code, h4 code { padding: 0 .2em; font-size: inherit; }
pre { padding: 16px; overflow: auto; border-radius: 6px; background: #f6f8fa; }
pre code { padding: 0; background: none; font-size: 100%; white-space: pre; }
table { border-spacing: 0; border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; }
td, th { padding: 6px 13px; border: 1px solid #d1d9e0; } tr:nth-child(2n) { background: #f6f8fa; }
blockquote { padding: 0 1em; color: #59636e; border-left: .25em solid #d1d9e0; } blockquote p { margin: 0; }
a { color: #0969da; } sub { font-size: 75%; line-height: 0; }
.add { color: #116329; background: #dafbe1; } .remove { color: #82071e; background: #ffebe9; } .change { color: #953800; }
";

/// The whole page.
pub(super) fn page(title: &str, comment: &str) -> String {
    // In comments, unlike in files, GitHub breaks a line where it is broken.
    let events = Parser::new_ext(comment, Options::ENABLE_TABLES).map(|event| match event {
        Event::SoftBreak => Event::HardBreak,
        event => event,
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    format!(
        "<!doctype html><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\n<div class=\"comment\">\n{}</div>\n",
        coloured(&body)
    )
}

/// The lines of differences in GitHub's colours.
fn coloured(page: &str) -> String {
    let mut is_difference = false;
    let mut text = String::new();
    for line in page.lines() {
        let (open, line) = match line.strip_prefix("<pre><code class=\"language-diff\">") {
            Some(rest) => {
                is_difference = true;
                ("<pre><code>", rest)
            }
            None => ("", line),
        };
        is_difference &= !line.contains("</code></pre>");
        let class = match line.chars().next().filter(|_| is_difference) {
            Some('+') => "add",
            Some('-') => "remove",
            Some('!') => "change",
            _ => "",
        };
        text.push_str(&format!("{open}<span class=\"{class}\">{line}</span>\n"));
    }
    text
}
