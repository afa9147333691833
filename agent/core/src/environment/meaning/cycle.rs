//! References never go in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Diagnostic, Place, Subject,
    reference::{Use, uses},
};

/// Services that refer to each other cannot be put in order.
pub(super) fn references(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let uses = uses(subject.file);
    let mut edges: BTreeMap<&str, Vec<(&str, &Use<'_>)>> = BTreeMap::new();
    for used in &uses {
        if let (["service", from, ..], ["service", to, ..]) =
            (used.path.as_slice(), used.reference.segments().as_slice())
        {
            edges.entry(from).or_default().push((to, used));
        }
    }
    let mut finished = BTreeSet::new();
    for start in subject.file.service.keys() {
        let mut way = Vec::new();
        follow(subject, &edges, start, &mut way, &mut finished, found);
    }
}

fn follow<'a>(
    subject: &Subject<'_>,
    edges: &BTreeMap<&'a str, Vec<(&'a str, &Use<'a>)>>,
    name: &'a str,
    way: &mut Vec<(&'a str, Place)>,
    finished: &mut BTreeSet<&'a str>,
    found: &mut Vec<Diagnostic>,
) {
    if finished.contains(name) || found.len() > super::MAX_FINDINGS {
        return;
    }
    for (to, used) in edges.get(name).into_iter().flatten() {
        let place = subject.place(&used.path);
        way.push((name, place.clone()));
        if let Some(from) = way.iter().position(|(on_way, _)| on_way == to) {
            let circle: Vec<String> = way[from..]
                .iter()
                .map(|(name, _)| *name)
                .chain([*to])
                .map(|name| format!("service.{name}"))
                .collect();
            let mut error =
                Diagnostic::error("cycle", format!("references go in a circle: {}", circle.join(" → ")))
                    .at(place)
                    .label("closes the circle")
                    .help("none of these can be made first: take one of the references out");
            for (name, place) in &way[from..way.len() - 1] {
                error = error.related(place.clone(), format!("service.{name} refers on"));
            }
            found.push(error);
        } else {
            follow(subject, edges, to, way, finished, found);
        }
        way.pop();
    }
    finished.insert(name);
}
