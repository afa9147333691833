//! An environment's objects and what they need, as pictures: for Graphviz, and
//! for Mermaid as GitHub draws it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use crate::{
    Address,
    graph::{Graph, Node},
};

/// What is drawn together: a title, and the addresses in it.
type Groups<'g> = BTreeMap<(u8, String), Vec<&'g Address>>;

/// A frame for each block of which something is made, then one each for what
/// is not, for the network and for externals.
fn groups(graph: &Graph) -> Groups<'_> {
    let is_object = |node: &Node| matches!(node, Node::Object(_));
    let made: BTreeSet<Address> = graph
        .nodes
        .iter()
        .filter(|(_, node)| is_object(node))
        .map(|(address, _)| address.of_block())
        .collect();
    let mut groups = Groups::new();
    for (address, node) in &graph.nodes {
        let title = match node {
            Node::NotYetManaged if !made.contains(&address.of_block()) => {
                (3, "described, not yet managed".to_owned())
            }
            Node::Object(_) | Node::NotYetManaged => (0, address.of_block().to_string()),
            Node::Network(_) => (1, "network: looked up, never written".to_owned()),
            Node::External(_) => (2, "protected externals: referred to, never written".to_owned()),
        };
        groups.entry(title).or_default().push(address);
    }
    groups
}

fn title(node: Node) -> &'static str {
    match node {
        Node::Object(kind) => kind.title(),
        Node::External(kind) => kind,
        Node::Network(part) => part,
        Node::NotYetManaged => "not yet managed",
    }
}

/// For Graphviz: `dot -Tsvg`.
pub fn dot(graph: &Graph) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "// An arrow leads from an object to what it needs.");
    let _ = writeln!(text, "digraph {} {{", quoted(graph.environment.as_str()));
    text.push_str("  rankdir = LR\n  node [shape = box, style = rounded, fontname = \"Helvetica\"]\n");
    text.push_str("  edge [color = \"#555555\"]\n");
    for (number, ((_, group), addresses)) in groups(graph).into_iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label = {}", quoted(&group));
        for address in addresses {
            let node = graph.nodes[address];
            let look = match node {
                Node::Object(_) => "",
                Node::External(_) => ", shape = cylinder, style = \"bold,dashed\"",
                Node::Network(_) => ", shape = folder, style = dashed",
                Node::NotYetManaged => ", style = dotted",
            };
            let label = quoted(&format!("{address}\n{}", title(node)));
            let _ = writeln!(text, "    {} [label = {label}{look}]", quoted(address.as_str()));
        }
        text.push_str("  }\n");
    }
    for edge in &graph.edges {
        let look = if is_made(graph, &edge.to) { "" } else { " [style = dashed]" };
        let _ = writeln!(text, "  {} -> {}{look}", quoted(edge.from.as_str()), quoted(edge.to.as_str()));
    }
    text.push_str("}\n");
    text
}

/// For Mermaid: put it between fences marked `mermaid` in Markdown. Ids are
/// numbers, so that no address is a word of Mermaid's own.
pub fn mermaid(graph: &Graph) -> String {
    let ids: BTreeMap<&Address, String> =
        graph.nodes.keys().enumerate().map(|(number, address)| (address, format!("n{number}"))).collect();
    let mut text = String::from("flowchart LR\n  %% An arrow leads from an object to what it needs.\n");
    for (number, ((_, group), addresses)) in groups(graph).into_iter().enumerate() {
        let _ = writeln!(text, "  subgraph g{number}[\"{}\"]", entities(&group));
        for address in addresses {
            let node = graph.nodes[address];
            let (open, close) = match node {
                Node::External(_) => ("[(", ")]"),
                Node::Object(_) | Node::Network(_) | Node::NotYetManaged => ("[", "]"),
            };
            let label = format!("{}<br/>{}", entities(address.as_str()), entities(title(node)));
            let _ = writeln!(text, "    {}{open}\"{label}\"{close}", ids[address]);
        }
        text.push_str("  end\n");
    }
    for edge in &graph.edges {
        let arrow = if is_made(graph, &edge.to) { "-->" } else { "-.->" };
        let _ = writeln!(text, "  {} {arrow} {}", ids[&edge.from], ids[&edge.to]);
    }
    let looks = [
        ("protected", "stroke-width:3px,stroke-dasharray:6 3"),
        ("lookedUp", "stroke-dasharray:6 3"),
        ("notYet", "stroke-dasharray:2 3,opacity:0.6"),
    ];
    for (look, style) in looks {
        let of_look: Vec<&str> = graph
            .nodes
            .iter()
            .filter(|(_, node)| look_of(**node) == Some(look))
            .map(|(address, _)| ids[address].as_str())
            .collect();
        if !of_look.is_empty() {
            let _ = writeln!(text, "  classDef {look} {style}\n  class {} {look}", of_look.join(","));
        }
    }
    text
}

fn look_of(node: Node) -> Option<&'static str> {
    match node {
        Node::Object(_) => None,
        Node::External(_) => Some("protected"),
        Node::Network(_) => Some("lookedUp"),
        Node::NotYetManaged => Some("notYet"),
    }
}

fn is_made(graph: &Graph, address: &Address) -> bool {
    matches!(graph.nodes.get(address), Some(Node::Object(_)))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// What Mermaid would read as its own, by number.
fn entities(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '"' | '#' | '<' | '>' | '&' | ';' | '`' | '\\') {
            let _ = write!(written, "#{};", u32::from(character));
        } else {
            written.push(character);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_a_name_is_obeyed() {
        assert_eq!(super::quoted("a\"b\\"), r#""a\"b\\""#);
        assert_eq!(super::entities("a\"]-->b"), "a#34;]--#62;b");
    }
}
