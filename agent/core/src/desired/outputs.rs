use std::collections::BTreeMap;

use super::link_of;
use crate::{Address, environment::Environment, resource::Link, scalar::TemplatePart};

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
                    TemplatePart::Reference(reference) => match link_of(reference)? {
                        Link::To { address, attribute: name } => attribute(&address, &name),
                        Link::Known(value) => Some(value),
                    },
                })
                .collect();
            (name.clone(), value)
        })
        .collect()
}
