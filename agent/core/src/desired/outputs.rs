use std::collections::BTreeMap;

use super::{dashboard, link_of};
use crate::{
    Address,
    environment::Environment,
    resource::Link,
    scalar::{Reference, TemplatePart},
};

/// The environment's outputs, as far as everything that they name is known;
/// `None` stands for one that is not.
pub fn outputs(
    environment: &Environment,
    attribute: impl Fn(&Address, &str) -> Option<String>,
) -> BTreeMap<String, Option<String>> {
    environment
        .file
        .outputs
        .iter()
        .map(|(name, template)| {
            let value = template
                .parts()
                .iter()
                .map(|part| match part {
                    TemplatePart::Literal(text) => Some(text.clone()),
                    TemplatePart::Reference(reference) => match link(environment, reference)? {
                        Link::To { address, attribute: name } => attribute(&address, &name),
                        Link::Known(value) => Some(value),
                    },
                })
                .collect();
            (name.clone(), value)
        })
        .collect()
}

/// The dashboard has no name in references: there is one.
fn link(environment: &Environment, reference: &Reference) -> Option<Link> {
    match reference.segments().as_slice() {
        ["dashboard", attribute] => {
            let block = environment.file.dashboard.as_ref()?;
            Some(Link::attribute(&dashboard::address(block), attribute))
        }
        _ => link_of(reference),
    }
}
