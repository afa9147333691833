//! GitHub-flavoured Markdown as HTML, with GitHub's idea of what is safe.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::escape;

/// Elements that people may write as HTML. Of their attributes only `open` and web links stay.
const SAFE: [&str; 34] = [
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
];

/// Renders a comment. A line break in the source is one on the page, as in GitHub's comments.
pub(super) fn render(source: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut filter = Filter::default();
    let events = Parser::new_ext(source, options).flat_map(|event| filter.pass(event)).collect::<Vec<_>>();
    let mut out = String::new();
    html::push_html(&mut out, events.into_iter());
    out
}

#[derive(Default)]
struct Filter {
    /// The HTML block that is being read; a comment or a tag may span its lines.
    block: Option<String>,
    /// The difference that is being read.
    diff: Option<String>,
    in_code: bool,
    in_link: bool,
}

impl Filter {
    fn pass<'a>(&mut self, event: Event<'a>) -> Vec<Event<'a>> {
        match event {
            Event::Start(Tag::HtmlBlock) => {
                self.block = Some(String::new());
                Vec::new()
            }
            Event::End(TagEnd::HtmlBlock) => {
                let block = self.block.take().unwrap_or_default();
                vec![Event::Html(safe(&block).into())]
            }
            Event::Html(text) => match &mut self.block {
                Some(block) => {
                    block.push_str(&text);
                    Vec::new()
                }
                None => vec![Event::Html(safe(&text).into())],
            },
            Event::InlineHtml(text) => vec![Event::InlineHtml(safe(&text).into())],
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if &*language == "diff" => {
                self.diff = Some(String::new());
                Vec::new()
            }
            Event::End(TagEnd::CodeBlock) if self.diff.is_some() => {
                let text = self.diff.take().unwrap_or_default();
                vec![Event::Html(coloured(&text).into())]
            }
            Event::Text(text) => self.text(text),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                self.in_link = true;
                let dest_url = if is_web(&dest_url) { dest_url } else { "#".into() };
                vec![Event::Start(Tag::Link { link_type, dest_url, title, id })]
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let dest_url = if is_web(&dest_url) { dest_url } else { "".into() };
                vec![Event::Start(Tag::Image { link_type, dest_url, title, id })]
            }
            Event::SoftBreak => vec![Event::HardBreak],
            other => {
                match &other {
                    Event::Start(Tag::CodeBlock(_)) => self.in_code = true,
                    Event::End(TagEnd::CodeBlock) => self.in_code = false,
                    Event::End(TagEnd::Link) => self.in_link = false,
                    _ => {}
                }
                vec![other]
            }
        }
    }

    fn text<'a>(&mut self, text: CowStr<'a>) -> Vec<Event<'a>> {
        if let Some(diff) = &mut self.diff {
            diff.push_str(&text);
            return Vec::new();
        }
        if self.in_code || self.in_link || !text.contains("://") {
            return vec![Event::Text(text)];
        }
        vec![Event::InlineHtml(linked(&text).into())]
    }
}

/// Colours a difference line by line.
fn coloured(text: &str) -> String {
    let line = |line: &str| {
        let class = match line.chars().next() {
            Some('+') => "added",
            Some('-') => "removed",
            Some('!') => "changed",
            Some('@') => "hunk",
            _ => "same",
        };
        format!("<span class=\"{class}\">{}</span>\n", escape(line))
    };
    format!("<pre class=\"diff\"><code>{}</code></pre>\n", text.lines().map(line).collect::<String>())
}

/// Turns bare web addresses into links.
fn linked(text: &str) -> String {
    let mut out = String::new();
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        let start = word.find("https://").or_else(|| word.find("http://"));
        let Some(start) = start else {
            out.push_str(&escape(word));
            continue;
        };
        let address = word[start..].trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
        let (before, after) = (escape(&word[..start]), escape(&word[start + address.len()..]));
        let address = escape(address);
        out.push_str(&format!("{before}<a href=\"{address}\">{address}</a>{after}"));
    }
    out
}

fn is_web(address: &str) -> bool {
    let address = address.trim().to_ascii_lowercase();
    ["http://", "https://", "mailto:", "#", "/"].iter().any(|start| address.starts_with(start))
}

/// Lets safe elements through, drops comments, and shows everything else as text.
fn safe(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("<!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
            continue;
        }
        let tag = rest.find('>').map(|end| &rest[..=end]);
        match tag.and_then(|tag| Some((tag, element(tag)?))) {
            Some((tag, element)) => {
                out.push_str(&element);
                rest = &rest[tag.len()..];
            }
            None => {
                out.push_str("&lt;");
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A safe element's tag with what may stay of it.
fn element(tag: &str) -> Option<String> {
    let inner = tag.strip_prefix('<')?.strip_suffix('>')?;
    let closing = inner.starts_with('/');
    let inner = inner.trim_start_matches('/').trim_end_matches('/');
    let (name, attributes) =
        inner.split_once(|character: char| character.is_whitespace()).unwrap_or((inner, ""));
    let name = name.to_ascii_lowercase();
    if !SAFE.contains(&name.as_str()) {
        return None;
    }
    if closing {
        return Some(format!("</{name}>"));
    }
    let attribute = match name.as_str() {
        "details"
            if attributes.split_whitespace().any(|word| word == "open" || word.starts_with("open=")) =>
        {
            " open".to_owned()
        }
        "a" => {
            link_target(attributes).map(|target| format!(" href=\"{}\"", escape(target))).unwrap_or_default()
        }
        _ => String::new(),
    };
    Some(format!("<{name}{attribute}>"))
}

fn link_target(attributes: &str) -> Option<&str> {
    let (_, value) = attributes.split_once("href=")?;
    let quote = value.chars().next().filter(|character| ['"', '\''].contains(character))?;
    let target = value[1..].split(quote).next()?;
    is_web(target).then_some(target)
}
