//! References never go in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Diagnostic, Place, Subject,
    reference::{Use, uses},
};

/// Blocks that refer to each other cannot be put in order.
pub(super) fn references(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let uses = uses(subject.file);
    let mut edges: BTreeMap<Block<'_>, Vec<(Block<'_>, &Use<'_>)>> = BTreeMap::new();
    for used in &uses {
        if let ([from_kind, from, ..], [to_kind, to, ..]) =
            (used.path.as_slice(), used.reference.segments().as_slice())
        {
            edges.entry((from_kind, from)).or_default().push(((to_kind, to), used));
        }
    }
    let mut finished = BTreeSet::new();
    for start in edges.keys() {
        let mut way = Vec::new();
        follow(subject, &edges, *start, &mut way, &mut finished, found);
    }
}

/// A table and a name in it.
type Block<'a> = (&'a str, &'a str);

fn follow<'a>(
    subject: &Subject<'_>,
    edges: &BTreeMap<Block<'a>, Vec<(Block<'a>, &Use<'a>)>>,
    block: Block<'a>,
    way: &mut Vec<(Block<'a>, Place)>,
    finished: &mut BTreeSet<Block<'a>>,
    found: &mut Vec<Diagnostic>,
) {
    if finished.contains(&block) || found.len() > super::MAX_FINDINGS {
        return;
    }
    for (to, used) in edges.get(&block).into_iter().flatten() {
        let place = subject.place(&used.path);
        way.push((block, place.clone()));
        if let Some(from) = way.iter().position(|(on_way, _)| on_way == to) {
            let circle: Vec<String> = way[from..]
                .iter()
                .map(|(block, _)| *block)
                .chain([*to])
                .map(|(kind, name)| format!("{kind}.{name}"))
                .collect();
            let mut error =
                Diagnostic::error("cycle", format!("references go in a circle: {}", circle.join(" → ")))
                    .at(place)
                    .label("closes the circle")
                    .help("none of these can be made first: take one of the references out");
            for ((kind, name), place) in &way[from..way.len() - 1] {
                error = error.related(place.clone(), format!("{kind}.{name} refers on"));
            }
            found.push(error);
        } else {
            follow(subject, edges, *to, way, finished, found);
        }
        way.pop();
    }
    finished.insert(block);
}
