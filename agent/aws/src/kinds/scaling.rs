//! What scalable targets, their policies and their schedules have in common.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use pointsman_core::{
    Address,
    resource::{Alarm, Link, Observed, Owner, ScalableTarget, ScalingPolicy, ScheduledAction},
    state::unretired,
};
use pointsman_engine::ports::CloudError;

use super::{Asked, Found, alarm, scalable_target, scaling_policy, scheduled_action, tag_index::Index};
use crate::aws::Aws;

/// The only thing that is scaled here.
pub(super) const NAMESPACE: ServiceNamespace = ServiceNamespace::Ecs;
/// And the only number of it.
pub(super) const DIMENSION: ScalableDimension = ScalableDimension::EcsServiceDesiredCount;
/// As many names as one call takes.
pub(super) const AT_ONCE: usize = 50;
/// Changes of one target exclude each other, for moments.
pub(super) const BUSY_FOR: std::time::Duration = std::time::Duration::from_secs(60);

/// Everything that is looked for of what scales, and of what rings: alarms may
/// scale as well, and their tags come in the same call.
pub(super) struct Sought<'a> {
    pub(super) scalable_targets: Vec<Asked<'a, ScalableTarget>>,
    pub(super) scaling_policies: Vec<Asked<'a, ScalingPolicy>>,
    pub(super) scheduled_actions: Vec<Asked<'a, ScheduledAction>>,
    pub(super) alarms: Vec<Asked<'a, Alarm>>,
}

/// A call for each kind and one for all tags, side by side. Policies and
/// schedules have no tags: whoever owns their target owns them, whether or not
/// that is looked for as well.
pub(super) async fn observe(aws: &Aws, sought: &Sought<'_>, index: &Index<'_>) -> Result<Found, CloudError> {
    let Sought { scalable_targets, scaling_policies, scheduled_actions, alarms } = sought;
    let (targets, policies, actions, alarms) = futures::try_join!(
        scalable_target::observe(aws, scalable_targets, index),
        scaling_policy::described(aws, scaling_policies),
        scheduled_action::described(aws, scheduled_actions),
        alarm::observe(aws, alarms, index),
    )?;
    let policies = scaling_policies.iter().filter_map(|asked| {
        let Asked { address, id, spec, by_name, recorded: _ } = asked;
        let name = by_name.then_some(spec.name.as_str());
        Some((*address, picked(&policies, *id, name, resource_id(&spec.target, &targets))?))
    });
    let actions = scheduled_actions.iter().filter_map(|asked| {
        let Asked { address, id, spec, by_name, recorded: _ } = asked;
        let name = by_name.then_some(spec.name.as_str());
        Some((*address, picked(&actions, *id, name, resource_id(&spec.target, &targets))?))
    });
    let untagged: Vec<(&Address, &Observed)> = policies.chain(actions).collect();
    let others = not_asked_for(aws, &untagged, &targets).await?;
    let parents = || targets.iter().map(|(_, target)| target).chain(&others);
    let mut found: Found =
        untagged.into_iter().map(|(address, object)| owned(object, address, parents())).collect();
    found.extend(targets);
    found.extend(alarms);
    Ok(found)
}

/// The targets of these that nobody looks for.
async fn not_asked_for(
    aws: &Aws,
    untagged: &[(&Address, &Observed)],
    targets: &Found,
) -> Result<Vec<Observed>, CloudError> {
    let is_known = |id: &str| targets.iter().any(|(_, target)| target.id == id);
    let ids: BTreeSet<String> = untagged
        .iter()
        .filter_map(|(_, object)| target_of(object))
        .filter(|id| !is_known(id))
        .map(ToOwned::to_owned)
        .collect();
    scalable_target::with_tags(aws, &ids.into_iter().collect::<Vec<_>>()).await
}

/// What a link to a target means, as far as the target stands.
fn resource_id<'a>(link: &'a Link, targets: &'a Found) -> Option<&'a str> {
    match link {
        Link::Known(id) => Some(id),
        Link::To { address, attribute: _ } => {
            targets.iter().find(|(at, _)| at == address).map(|(_, target)| target.id.as_str())
        }
    }
}

/// The recorded one or, where it is gone, the one that its name on its target stands for.
fn picked<'a>(
    objects: &'a [Observed],
    id: Option<&str>,
    name: Option<&str>,
    target: Option<&str>,
) -> Option<&'a Observed> {
    let named = |object: &&Observed| {
        target.is_some()
            && target == target_of(object)
            && name.is_some_and(|name| object.resource.spec().name() == name)
    };
    objects.iter().find(|object| id == Some(object.id.as_str())).or_else(|| objects.iter().find(named))
}

fn target_of(object: &Observed) -> Option<&str> {
    object.resource.spec().links().into_iter().find_map(Link::known)
}

fn owned<'a>(
    object: &Observed,
    address: &Address,
    mut parents: impl Iterator<Item = &'a Observed>,
) -> (Address, Observed) {
    let parent = parents.find(|target| Some(target.id.as_str()) == target_of(object));
    let owner = match parent.map(|target| &target.owner) {
        Some(Owner::Environment { environment, address: _ }) => {
            Owner::Environment { environment: environment.clone(), address: unretired(address) }
        }
        Some(Owner::Unknown) | None => Owner::Unknown,
    };
    (address.clone(), Observed { owner, ..object.clone() })
}

/// Names to ask for: those that are wanted, and those that recorded ARNs end with.
pub(super) fn names<'a, S>(asked: &'a [Asked<'a, S>], name: impl Fn(&'a S) -> &'a str) -> Vec<String> {
    let mut names: Vec<String> = asked
        .iter()
        .flat_map(|asked| {
            let recorded = asked.id.and_then(|arn| arn.rsplit_once("Name/")).map(|(_, name)| name);
            std::iter::once(name(asked.spec)).chain(recorded)
        })
        .map(ToOwned::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}
