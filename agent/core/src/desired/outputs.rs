use std::collections::BTreeMap;

use super::Context;
use crate::{
    Address,
    resource::{Link, Text},
};

/// The environment's outputs with their references turned into links; one that
/// leads to something that is not managed yet is left out.
pub(super) fn linked(context: &Context<'_>) -> BTreeMap<String, Text> {
    let outputs = context.environment.file.outputs.iter();
    outputs.filter_map(|(name, template)| Some((name.clone(), context.text(template)?))).collect()
}

/// The outputs of which everything that they name is known.
pub fn outputs(
    linked: &BTreeMap<String, Text>,
    attribute: impl Fn(&Address, &str) -> Option<String>,
) -> BTreeMap<String, String> {
    let known = |link: &Link| match link {
        Link::To { address, attribute: name } => attribute(address, name),
        Link::Known(value) => Some(value.clone()),
    };
    linked
        .iter()
        .filter_map(|(name, text)| {
            Some((name.clone(), text.0.iter().map(known).collect::<Option<String>>()?))
        })
        .collect()
}
