//! What in a text would do something on GitHub. For stories that show that nothing does that others
//! wrote: it is the reader's side, and shares nothing with the agent that writes.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What a comment of the agent may have in HTML.
const OURS: &[&str] = &[
    "<!-- pointsman -->",
    "<!-- commands -->",
    "<!-- end of commands -->",
    "<details>",
    "</details>",
    "<summary>",
    "</summary>",
    "<sub>",
    "</sub>",
    "<code>",
    "</code>",
];

/// In what GitHub sees more than letters, outside of code.
const LIVE: &[&str] = &["@", "://", "www.", "gh-", "ghsa-", "cve-", "mailto:", "xmpp:", ":tada:"];

/// Everything in Markdown that mentions, refers, links, shows or formats and is not the agent's own.
/// Links may lead below `root`, references may be to `known` pull requests, and no text with `mark` in
/// it may be set in any other type than the rest.
pub fn live_in(text: &str, root: &str, known: &BTreeSet<u64>, mark: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut found = hidden_in(text);
    let (mut prose, mut tags, mut in_code, mut set) = (String::new(), Vec::new(), false, 0_usize);
    let mut quotes = Vec::new();
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(_) if in_code => {}
            Event::Start(Tag::Link { ref dest_url, .. }) if dest_url.starts_with(root) => set += 1,
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::FootnoteDefinition(_))
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::Rule
            | Event::Start(Tag::Emphasis | Tag::Strikethrough | Tag::BlockQuote(Some(_))) => {
                found.push(format!("{event:?}"));
            }
            Event::Start(Tag::BlockQuote(None)) => {
                set += 1;
                quotes.push(prose.len());
            }
            Event::Start(Tag::Strong | Tag::Heading { .. }) => set += 1,
            Event::End(TagEnd::BlockQuote(_)) => {
                set = set.saturating_sub(1);
                // An alert is a quotation that says so, escaped or not; elsewhere these are letters.
                if quotes.pop().is_some_and(|begin| prose[begin..].trim_start().starts_with("[!")) {
                    found.push("an alert".to_owned());
                }
                prose.push(' ');
            }
            Event::End(TagEnd::Strong | TagEnd::Heading(_) | TagEnd::Link) => {
                set = set.saturating_sub(1);
                prose.push(' ');
            }
            Event::Text(words) => {
                if set > 0 && words.contains(mark) {
                    found.push(format!("formatted: {words}"));
                }
                prose.push_str(&words);
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let outside = split_tags(&html, &mut tags);
                prose.push_str(&outside);
            }
            Event::Code(_) | Event::SoftBreak | Event::HardBreak => prose.push('\u{1}'),
            _ => prose.push(' '),
        }
    }
    found.extend(tags.iter().filter(|tag| !OURS.contains(&tag.as_str())).map(|tag| format!("HTML: {tag}")));
    for (open, close) in [("<details>", "</details>"), ("<summary>", "</summary>"), ("<sub>", "</sub>")] {
        let count = |wanted: &str| tags.iter().filter(|tag| *tag == wanted).count();
        if count(open) != count(close) {
            found.push(format!("{} {open}, {} {close}", count(open), count(close)));
        }
    }
    for marker in &OURS[..3] {
        if tags.iter().filter(|tag| tag == marker).count() > 1 {
            found.push(format!("{marker} twice"));
        }
    }
    found.extend(live_words(&prose, known));
    found
}

/// What shows otherwise than it reads: control characters, and what turns or hides.
pub fn hidden_in(text: &str) -> Vec<String> {
    let hidden = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{3164}' | '\u{feff}')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    let found: BTreeSet<char> = text.chars().filter(hidden).collect();
    found.into_iter().map(|c| format!("{c:?}")).collect()
}

/// Takes the tags out of HTML; answers what is between them.
fn split_tags(html: &str, tags: &mut Vec<String>) -> String {
    let (mut outside, mut rest) = (String::new(), html);
    while let Some(begin) = rest.find('<') {
        outside.push_str(&rest[..begin]);
        let end = rest[begin..].find('>').map_or(rest.len(), |at| begin + at + 1);
        tags.push(rest[begin..end].to_owned());
        rest = &rest[end..];
    }
    outside + rest
}

fn live_words(prose: &str, known: &BTreeSet<u64>) -> Vec<String> {
    let lower = prose.to_ascii_lowercase();
    let mut found: Vec<String> =
        LIVE.iter().filter(|live| lower.contains(*live)).map(|live| format!("{live} in prose")).collect();
    for (at, _) in lower.match_indices('#') {
        let digits: String = lower[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        if !digits.parse().is_ok_and(|number| known.contains(&number)) {
            found.push(format!("#{digits} in prose"));
        }
    }
    let commit = |word: &&str| word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    found.extend(words.filter(commit).map(|word| format!("commit {word}")));
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{hidden_in, live_in};

    fn live(text: &str) -> Vec<String> {
        live_in(text, "http://here/", &BTreeSet::from([7]), "pwn")
    }

    #[test]
    fn what_does_something_is_found() {
        for text in [
            "@robin",
            "closes #1",
            "GH-1",
            "www.evil.example",
            "[x](http://there/)",
            "![x](http://here/)",
            "<img src=x>",
            "</details>",
            "<details>\n\nx",
            "<!-- pointsman -->\n\nx\n\n<!-- pointsman -->",
            "**pwn**",
            "# pwn",
            "*x*",
            "- [ ] x",
            "> [!NOTE]\n> x",
            "> \\[\\!NOTE\\]\n> x",
            "a\u{202e}b",
            "`a\u{1b}b`",
            "a1b2c3d",
        ] {
            assert!(!live(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_ours_or_only_shown_is_not() {
        let text = "<!-- pointsman -->\n### ✅ x\n\n⚠️ #7 (`#8 @robin`) **Plan:**\n\n<details><summary>✅ <code>x</code>: y</summary>\n\n\
                    ```diff\n+ @robin <img> closes #1\n```\n\n</details>\n\n[all](http://here/7) &lt;img&gt; \\*pwn\\* &gt; \\[\\!NOTE\\]\n";
        assert_eq!(live(text), [""; 0]);
        assert_eq!(hidden_in("größe ✓ ⚠️\n"), [""; 0]);
    }
}
