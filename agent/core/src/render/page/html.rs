//! HTML that cannot be broken by what is shown: our own words are constants,
//! and everything else goes through [`html`].

use super::super::diagnostic::escaped;

/// Text of others as HTML, between tags or in a quoted attribute: no markup,
/// and nothing unseen. Lines stay lines.
pub fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            safe.push('\n');
        }
        for character in escaped(line).chars() {
            match character {
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '"' => safe.push_str("&quot;"),
                '\'' => safe.push_str("&#39;"),
                character => safe.push(character),
            }
        }
    }
    safe
}

/// A piece of a page. What is no constant of this program can only be added as
/// text, and is escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds our own HTML.
    pub fn html(&mut self, fixed: &'static str) -> &mut Self {
        self.0.push_str(fixed);
        self
    }

    /// Adds text, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&html(text));
        self
    }

    /// Adds another piece.
    pub fn add(&mut self, piece: &Self) -> &mut Self {
        self.0.push_str(&piece.0);
        self
    }

    /// Adds a sentence of ours: what stands between backticks is code.
    pub fn sentence(&mut self, sentence: &str) -> &mut Self {
        let parts: Vec<&str> = sentence.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return self.text(sentence);
        }
        for (index, part) in parts.into_iter().enumerate() {
            if index % 2 == 1 {
                self.html("<code>").text(part).html("</code>");
            } else {
                self.text(part);
            }
        }
        self
    }

    /// Adds a link to a page of ours; `to` begins with `/`.
    pub fn link(&mut self, prefix: &str, to: &str, words: &str) -> &mut Self {
        self.html("<a href=\"").text(prefix).text(to).html("\">").text(words).html("</a>")
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The HTML.
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Markup, html};

    #[test]
    fn nothing_of_others_does_anything() {
        for (hostile, shown) in [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onload='x' &amp;", "&quot; onload=&#39;x&#39; &amp;amp;"),
            ("a\u{202e}b\u{1b}[0m\u{0}", "a\\u{202e}b\\u{1b}[0m\\u{0}"),
            ("two\nlines\tand a tab", "two\nlines and a tab"),
            ("größe ✓", "größe ✓"),
        ] {
            assert_eq!(html(hostile), shown, "{hostile:?}");
        }
        let mut markup = Markup::new();
        markup.html("<p>").sentence("say `a<b` \u{2066}").html("</p>");
        assert_eq!(markup.into_string(), "<p>say <code>a&lt;b</code> \\u{2066}</p>");
        let mut link = Markup::new();
        link.link("/x", "/a\"b", "<c>");
        assert_eq!(link.into_string(), "<a href=\"/x/a&quot;b\">&lt;c&gt;</a>");
    }
}
