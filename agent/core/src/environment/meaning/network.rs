//! Subnets are chosen in `[network]` and referred to by name.

use super::{Diagnostic, Subject};
use crate::environment::block::{SubnetSelection, VpcSelection};

/// `subnets = "private"` needs `[network] private_subnets`.
pub(super) fn subnets(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let file = subject.file;
    let balancers = file.load_balancer.iter();
    let caches = file.cache.iter();
    let uses = (file.tasks().map(|task| (task.kind, task.name, task.subnets)))
        .chain(balancers.map(|(name, block)| ("load_balancer", name.as_str(), block.subnets.as_str())))
        .chain(caches.map(|(name, block)| ("cache", name.as_str(), block.subnets.as_str())));
    for (kind, name, subnets) in uses {
        let path = [kind, name, "subnets"];
        if !matches!(subnets, "private" | "public") {
            found.push(
                Diagnostic::error("unknown-word", format!("`{}` cannot be `{subnets}`", path.join(".")))
                    .at(subject.place(&path))
                    .label("neither `private` nor `public`")
                    .help("write `private` or `public`; which subnets these are says `[network]`"),
            );
        } else if file.network.subnets(subnets).is_none() {
            let written = if subject.written(&path) { "asks for them" } else { "asks for them, by default" };
            found.push(
                Diagnostic::error("no-subnets", format!("`[network]` does not say which subnets are {subnets}"))
                    .at(subject.place(&path))
                    .label(written)
                    .help(format!("add `{subnets}_subnets = {{ tags = {{ Tier = \"{subnets}\" }} }}` to `[network]`, or a list of ids"))
                    .related(subject.place(&["network"]), "the network"),
            );
        }
    }
}

/// A selection selects something.
pub(super) fn selections(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let network = &subject.file.network;
    for (key, selection) in
        [("private_subnets", &network.private_subnets), ("public_subnets", &network.public_subnets)]
    {
        let empty = match selection {
            None => false,
            Some(SubnetSelection::Listed(names)) => names.is_empty(),
            Some(SubnetSelection::Tagged(tagged)) => tagged.tags.is_empty(),
        };
        if empty {
            found.push(
                Diagnostic::error("no-subnets", format!("`network.{key}` selects nothing"))
                    .at(subject.place(&["network", key]))
                    .label("empty")
                    .help("list ids or names, or say which tags the subnets carry"),
            );
        }
    }
    if let VpcSelection::Name(vpc) = &network.vpc
        && vpc.name.trim().is_empty()
    {
        found.push(
            Diagnostic::error("not-valid", "`network.vpc.name` must not be empty")
                .at(subject.place(&["network", "vpc", "name"]))
                .label("no name")
                .help("write the VPC's Name tag, or its id: `vpc = \"vpc-…\"`"),
        );
    }
}
