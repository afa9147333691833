//! What environments need of each other: names that exist, and no circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::environment::{Diagnostic, Environment, EnvironmentName, diagnostic::nearest};

/// Needs that lead nowhere or back, and the environments that have them.
/// `broken` are described too, but have errors of their own.
pub(crate) fn check_needs<'n>(
    environments: &'n [Environment],
    broken: impl Iterator<Item = &'n EnvironmentName>,
) -> (Vec<Diagnostic>, BTreeSet<EnvironmentName>) {
    let described: BTreeSet<&str> = environments
        .iter()
        .map(|environment| &environment.name)
        .chain(broken)
        .map(EnvironmentName::as_str)
        .collect();
    let needs: BTreeMap<&str, &[String]> = environments
        .iter()
        .map(|environment| (environment.name.as_str(), environment.file.needs.as_slice()))
        .collect();
    let (mut found, mut wrong) = (Vec::new(), BTreeSet::new());
    for environment in environments {
        for (number, need) in environment.file.needs.iter().enumerate() {
            let error = if described.contains(need.as_str()) {
                circle(&needs, environment.name.as_str(), need).map(|circle| {
                    let names: Vec<String> = circle.iter().map(|name| format!("`{name}`")).collect();
                    let message = format!("environments need each other in a circle: {}", names.join(" → "));
                    Diagnostic::error("needs", message)
                        .label("closes the circle")
                        .help("none of these can be deployed first: take one of the needs out")
                })
            } else {
                let near = nearest(need, described.iter().copied());
                let help = near.map_or_else(
                    || "write the name of an environment: its file's path without the ending, such as `shared/network`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                let message =
                    format!("`{}` needs `{need}`, and there is no such environment", environment.name);
                Some(Diagnostic::error("needs", message).label("not found").help(help))
            };
            if let Some(error) = error {
                found.push(error.at(environment.place_of(&format!("needs.{number}")).cloned()));
                wrong.insert(environment.name.clone());
            }
        }
    }
    (found, wrong)
}

/// The way from an environment through what it needs back to itself.
fn circle<'e>(
    needs: &BTreeMap<&'e str, &'e [String]>,
    from: &'e str,
    first: &'e str,
) -> Option<Vec<&'e str>> {
    let mut ways = vec![vec![from, first]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let last = *way.last()?;
        if last == from {
            return Some(way);
        }
        if !seen.insert(last) {
            continue;
        }
        for next in needs.get(last).into_iter().copied().flatten() {
            ways.push([way.as_slice(), &[next.as_str()]].concat());
        }
    }
    None
}
