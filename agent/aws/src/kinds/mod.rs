//! The kinds of AWS objects: a file each, a row each in the registry below.

mod alarm;
mod asked;
mod bucket;
mod bucket_settings;
mod cache_parameter_group;
mod cache_subnet_group;
mod cache_tags;
mod changes;
mod cloudwatch_tags;
mod dashboard;
pub(crate) mod ecs_release;
mod ecs_rule;
mod ecs_tags;
mod elb;
mod last_words;
mod listener;
mod listener_rule;
mod load_balancer;
mod log_group;
mod native;
pub(crate) mod one_off;
pub(crate) mod outside;
mod queue;
mod replication_group;
mod replication_group_access;
mod replication_group_state;
mod rollout;
mod scalable_target;
mod scaling;
mod scaling_policy;
mod schedule;
mod scheduled_action;
mod secret;
mod security_group;
mod security_group_rules;
mod service;
mod sides;
mod tag_index;
mod target_group;
mod task_definition;
mod task_secrets;
mod task_volumes;

use std::collections::BTreeMap;

use futures::{
    FutureExt,
    future::{BoxFuture, try_join_all},
};
use pointsman_core::{
    Address,
    resource::{Link, Observed, Owner, Readiness, Resource, Spec, TOKEN_TAG, Tags},
};
use pointsman_engine::ports::{CloudError, CloudErrorKind, Sought};

use crate::{aws::Aws, error::failure, help, wait::Progress};
use asked::Asked;
use changes::Changes;
pub(crate) use last_words::last_words;
pub(crate) use sides::underway;
pub(crate) use tag_index::tagged;

/// What is done to one kind. Every call may be repeated.
trait Lifecycle: Spec {
    /// Looks it up, then makes it.
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError>;

    /// Brings what changed to what this says.
    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError>;

    /// Deletes the one with this id; called on what lives.
    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError>;

    /// Waits until it can be worked with; most stand at once.
    async fn settle(
        &self,
        _aws: &Aws,
        object: &Observed,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        Ok(object.clone())
    }
}

/// What is done to every kind, by its own file.
macro_rules! lives {
    ($($kind:ident $found:ident;)*) => {
        /// What is looked for, by kind.
        #[derive(Default)]
        struct ByKind<'a> {
            $($found: Vec<Asked<'a, pointsman_core::resource::$kind>>,)*
        }

        impl<'a> ByKind<'a> {
            fn of(sought: &'a [Sought]) -> Self {
                let mut by_kind = Self::default();
                for sought in sought {
                    match &sought.resource {
                        $(Resource::$kind(spec) => {
                            let recorded = match &sought.recorded {
                                Some(Resource::$kind(recorded)) => Some(recorded),
                                _ => None,
                            };
                            by_kind.$found.push(Asked::new(sought, spec, recorded));
                        })*
                    }
                }
                by_kind
            }
        }

        pub(crate) async fn create(
            aws: &Aws,
            resource: &Resource,
            token: &str,
            progress: &Progress<'_>,
        ) -> Result<Observed, CloudError> {
            match resource {
                $(Resource::$kind(spec) => Box::pin(spec.create(aws, token, progress)).await,)*
            }
        }

        pub(crate) async fn update(
            aws: &Aws,
            object: &Observed,
            resource: &Resource,
            fields: &[String],
            token: &str,
            progress: &Progress<'_>,
        ) -> Result<Observed, CloudError> {
            let changes = Changes::new(fields, token);
            match resource {
                $(Resource::$kind(spec) => Box::pin(spec.update(aws, object, &changes, progress)).await,)*
            }
        }

        pub(crate) async fn delete(aws: &Aws, object: &Observed, progress: &Progress<'_>) -> Result<(), CloudError> {
            match &object.resource {
                $(Resource::$kind(spec) => Box::pin(spec.delete(aws, &object.id, progress)).await,)*
            }
        }

        pub(crate) async fn settle(
            aws: &Aws,
            object: &Observed,
            progress: &Progress<'_>,
        ) -> Result<Observed, CloudError> {
            match &object.resource {
                $(Resource::$kind(spec) => Box::pin(spec.settle(aws, object, progress)).await,)*
            }
        }
    };
}

/// The registry: a row per kind, with what is looked for and the file whose
/// `observe` finds it. Kinds whose tags come apart are `indexed`; those that are
/// found through each other stand together.
macro_rules! kinds {
    (
        alone { $($kind:ident $found:ident $file:ident;)* }
        indexed { $($tagged:ident $sought:ident $place:ident;)* }
        $(together in $shared:ident { $($of:ident $these:ident;)* })*
    ) => {
        lives! { $($kind $found;)* $($tagged $sought;)* $($($of $these;)*)* }

        /// Everything of these that stands. All kinds are asked for side by side; what
        /// is recorded needs one round of calls, whatever its kind.
        pub(crate) async fn observe(
            aws: &Aws,
            sought: &[Sought],
        ) -> Result<BTreeMap<Address, Observed>, CloudError> {
            let index = tag_index::of(aws, sought);
            let ByKind { $($found,)* $($sought,)* $($($these,)*)* } = ByKind::of(sought);
            $(let $shared = $shared::Sought { $($these,)* };)*
            let looks: Vec<BoxFuture<'_, Result<Found, CloudError>>> = vec![
                $($file::observe(aws, &$found).boxed(),)*
                $($place::observe(aws, &$sought, &index).boxed(),)*
                $($shared::observe(aws, &$shared, &index).boxed(),)*
            ];
            Ok(try_join_all(looks).await?.into_iter().flatten().collect())
        }
    };
}

kinds! {
    alone {
        SecurityGroup security_groups security_group;
        TaskDefinition task_definitions task_definition;
        Service services service;
        Queue queues queue;
        Bucket buckets bucket;
        Secret secrets secret;
        Schedule schedules schedule;
    }
    indexed {
        LogGroup log_groups log_group;
        CacheSubnetGroup cache_subnet_groups cache_subnet_group;
        CacheParameterGroup cache_parameter_groups cache_parameter_group;
        ReplicationGroup replication_groups replication_group_state;
        Dashboard dashboards dashboard;
    }
    together in elb {
        TargetGroup target_groups;
        LoadBalancer load_balancers;
        Listener listeners;
        ListenerRule listener_rules;
    }
    together in scaling {
        ScalableTarget scalable_targets;
        ScalingPolicy scaling_policies;
        ScheduledAction scheduled_actions;
        Alarm alarms;
    }
}

/// What was found of a kind.
type Found = Vec<(Address, Observed)>;

/// An object that stands, whose it is by its tags. Of a kind that has none, its
/// parent says whose it is: the kind's own file sets it.
fn standing<const N: usize>(
    resource: impl Into<Resource>,
    id: &str,
    attributes: [(&str, Option<&str>); N],
) -> Observed {
    let resource = resource.into();
    Observed {
        owner: resource.tags().map_or(Owner::Unknown, Tags::owner),
        resource,
        id: id.to_owned(),
        attributes: attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect(),
        readiness: Readiness::Ready,
    }
}

/// Tags as they are written when an object is made.
fn tags_of(tags: &Tags, token: &str) -> Vec<(String, String)> {
    tags.iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .chain([(TOKEN_TAG.to_owned(), token.to_owned())])
        .collect()
}

/// Refuses what stands under our name and is not ours.
fn ours(object: Observed, wanted: &Tags, operation: &'static str) -> Result<Observed, CloudError> {
    owned(object, &wanted.owner(), operation)
}

/// The same, of a kind that has no tags.
fn owned(object: Observed, wanted: &Owner, operation: &'static str) -> Result<Observed, CloudError> {
    if object.owner != Owner::Unknown && object.owner == *wanted {
        return Ok(object);
    }
    let message = match &object.owner {
        Owner::Environment { environment, address } => {
            format!("it exists, and is {address} of {environment}")
        }
        Owner::Unknown => "it exists, and is not ours".to_owned(),
    };
    Err(failure(CloudErrorKind::NotOurs, operation, &object.id, message, Some(help::not_ours())))
}

/// The value of a link: the engine resolves all of them before it writes.
fn known<'a>(link: &'a Link, operation: &'static str) -> Result<&'a str, CloudError> {
    link.known().ok_or_else(|| {
        let message = format!("it refers to something that is not known yet: {}", link.to_value());
        failure(CloudErrorKind::Refused, operation, "", message, None)
    })
}

/// The same for several.
fn all_known(links: &[Link], operation: &'static str) -> Result<Vec<String>, CloudError> {
    links.iter().map(|link| known(link, operation).map(ToOwned::to_owned)).collect()
}

/// AWS's lists, in the order of ours.
fn links(ids: impl IntoIterator<Item = String>) -> Vec<Link> {
    let mut links: Vec<Link> = ids.into_iter().map(Link::Known).collect();
    links.sort();
    links
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}
