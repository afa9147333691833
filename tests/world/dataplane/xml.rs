//! The XML in which AWS's older services answer: elements and text; attributes are passed over.

use anyhow::{Context, Result, bail};

/// An element with what is inside of it.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    pub(super) fn parse(document: &str) -> Result<Self> {
        let mut open = vec![Self::default()];
        let mut rest = document;
        while let Some(start) = rest.find('<') {
            let end = rest[start..].find('>').with_context(|| format!("a torn tag in {document:?}"))? + start;
            let (text, tag) = (&rest[..start], &rest[start + 1..end]);
            rest = &rest[end + 1..];
            if let Some(element) = open.last_mut() {
                element.text.push_str(unescaped(text.trim()).as_str());
            }
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if !tag.starts_with('/') {
                let name = tag.trim_end_matches('/').split_whitespace().next().unwrap_or_default();
                open.push(Self { name: name.to_owned(), ..Self::default() });
            }
            if tag.starts_with('/') || tag.ends_with('/') {
                let (Some(closed), Some(outer)) = (open.pop(), open.last_mut()) else {
                    bail!("more ends than beginnings in {document:?}");
                };
                outer.children.push(closed);
            }
        }
        let mut root = open.pop().unwrap_or_default();
        root.children.pop().with_context(|| format!("no element in {document:?}"))
    }

    /// The element at this path of names; the first where there are several.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/')
            .try_fold(self, |element, name| element.children.iter().find(|child| child.name == name))
    }

    /// Takes out the child with this name.
    pub(super) fn take(&mut self, name: &str) -> Option<Self> {
        let at = self.children.iter().position(|child| child.name == name)?;
        Some(self.children.swap_remove(at))
    }

    pub(super) fn into_children(self) -> Vec<Self> {
        self.children
    }

    /// The text at this path, empty if there is none.
    pub(super) fn text(&self, path: &str) -> &str {
        self.at(path).map_or("", |element| &element.text)
    }

    /// The members of the list at this path.
    pub(super) fn list(&self, path: &str) -> &[Self] {
        self.at(path).map_or(&[], |element| &element.children)
    }

    /// The texts of the list at this path.
    pub(super) fn texts(&self, path: &str) -> Vec<String> {
        self.list(path).iter().map(|element| element.text.clone()).collect()
    }
}

fn unescaped(text: &str) -> String {
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    plain.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[test]
fn elements_lists_and_escapes_are_read() {
    let read = Element::parse(
        "<?xml version=\"1.0\"?><A xmlns=\"x\"><B><member>1</member><member>a&amp;b</member></B><C/></A>",
    )
    .unwrap();
    assert_eq!(read.texts("B"), ["1", "a&b"]);
    assert_eq!((read.text("B/member"), read.text("C"), read.text("D")), ("1", "", ""));
    assert!(Element::parse("<A").is_err());
}
