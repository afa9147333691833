use serde::{Deserialize, Serialize};

use super::{
    Consequence, Span, Work,
    table::Lasting,
    takes::{counted, rolled_out, takes, waves},
};
use crate::{
    plan::{Action, Change, FieldChange, StepKind},
    resource::{Disruption, Estate, Field, Noticed, Resource, Service, TargetGroup},
};

/// What one change does to people, and how long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Impact {
    /// What people notice: the worst of it.
    pub consequence: Consequence,
    /// How long they do; none when it does not end by itself.
    pub lasts: Option<Span>,
    /// How long it takes to make or change the object.
    pub makes: Span,
    /// How long it takes to delete it, or the old one of two.
    pub removes: Span,
}

impl Impact {
    /// Nothing, and no time.
    pub const NONE: Self = Self {
        consequence: Consequence::None,
        lasts: Some(Span::NONE),
        makes: Span::NONE,
        removes: Span::NONE,
    };

    /// How bad it is.
    pub fn disruption(self) -> Disruption {
        self.consequence.disruption()
    }

    /// How long the whole change takes.
    pub fn takes(self) -> Span {
        self.makes + self.removes
    }

    /// How long one of its steps takes.
    pub(crate) fn step(self, kind: StepKind) -> Span {
        match kind {
            StepKind::Make => self.makes,
            StepKind::Remove => self.removes,
        }
    }
}

/// What stands around a change: what is wanted, and what lives.
#[derive(Debug)]
pub(crate) struct Neighbourhood<'a> {
    pub(crate) wanted: Estate<'a>,
    pub(crate) lives: Estate<'a>,
}

impl Neighbourhood<'_> {
    /// From the start of tasks until the load balancer finds them well.
    pub(super) fn tasks_become_well(&self, service: &Service) -> Span {
        // One good answer is enough for who is new; who was found unwell first needs as many as
        // the check wants.
        let checks = self.targets(service).map_or(Span::NONE, |group| {
            let interval = group.health.interval;
            Span::between(interval, interval.saturating_mul(u64::from(group.health.healthy.max(1))))
        });
        let grace = Span::up_to(service.health_grace.unwrap_or_default());
        Work::TaskStarts.span() + checks + grace
    }

    /// From the last connection that tasks are given until they have stopped.
    pub(super) fn tasks_leave(&self, service: &Service) -> Span {
        let drain = self.targets(service).map_or(0, |group| group.deregistration_delay);
        let stop = [&self.wanted, &self.lives]
            .into_iter()
            .find_map(|estate| match estate.behind(&service.task_definition) {
                Some(Resource::TaskDefinition(task)) => Some(task.stop_timeout),
                _ => None,
            })
            .unwrap_or(ECS_STOP_TIMEOUT);
        Span::up_to(drain.saturating_add(stop))
    }

    /// The target group that a service's tasks stand in.
    fn targets(&self, service: &Service) -> Option<&TargetGroup> {
        let link = service.target_group.as_ref()?;
        [&self.wanted, &self.lives].into_iter().find_map(|estate| match estate.behind(link) {
            Some(Resource::TargetGroup(group)) => Some(group),
            _ => None,
        })
    }

    /// A service whose traffic comes through this target group.
    fn service_behind(&self, group: &TargetGroup) -> Option<&Service> {
        [&self.wanted, &self.lives].into_iter().flat_map(Estate::iter).find_map(
            |(_, resource)| match resource {
                Resource::Service(service)
                    if self.targets(service).is_some_and(|own| own.name == group.name) =>
                {
                    Some(service)
                }
                _ => None,
            },
        )
    }

    /// How long a consequence on this object lasts.
    fn lasts(&self, consequence: Consequence, resource: &Resource) -> Option<Span> {
        match (consequence.lasting(), resource) {
            (Lasting::For(span), _) => Some(span),
            (Lasting::Open, _) => None,
            (Lasting::Computed, Resource::Service(service)) => Some(match consequence {
                Consequence::ConnectionsDrain => self.tasks_leave(service).times(waves(service)),
                _ => self.tasks_leave(service),
            }),
            (Lasting::Computed, Resource::TargetGroup(group)) => Some(
                self.service_behind(group)
                    .map_or(Work::TaskStarts.span(), |service| self.tasks_become_well(service)),
            ),
            (Lasting::Computed, _) => None,
        }
    }
}

/// How long ECS waits for a container to stop when nobody says.
const ECS_STOP_TIMEOUT: u64 = 30;

/// What a change does to people, and how long it takes.
pub(crate) fn impact(change: &Change, around: &Neighbourhood<'_>) -> Impact {
    let observed = change.observed.as_ref().map(|observed| &observed.resource);
    // As it is wanted, its links still lead to neighbours by their addresses.
    let wanted = around.wanted.at(&change.address).filter(|_| change.action != Action::Delete);
    let Some(resource) = wanted.or(observed) else { return Impact::NONE };
    let row = takes(resource, around);
    let (makes, removes) = match change.action {
        Action::Create => (row.made, Span::NONE),
        Action::Adopt => (Work::Call.span(), Span::NONE),
        Action::Delete => (Span::NONE, row.gone),
        Action::Replace => (row.made, row.gone),
        Action::Update => (row.changed.beside(fields_take(change, resource, observed, around)), Span::NONE),
        Action::Rollout => (
            match resource {
                Resource::Service(service) => rolled_out(service, around),
                _ => row.changed,
            },
            Span::NONE,
        ),
    };
    let whole = match change.action {
        Action::Create | Action::Adopt | Action::Update => Consequence::None,
        Action::Rollout => change.kind.rollout_consequence(),
        Action::Replace => row.replaced,
        Action::Delete => change.kind.loss_consequence(),
    };
    let by_fields = match change.action {
        Action::Update | Action::Rollout => consequences_of_fields(change, resource, observed),
        Action::Create | Action::Adopt | Action::Replace | Action::Delete => Vec::new(),
    };
    let (consequence, lasts) = std::iter::once(whole)
        .chain(by_fields)
        .map(|consequence| (consequence, around.lasts(consequence, resource)))
        .max_by_key(|(consequence, lasts)| (consequence.disruption(), lasts.is_none(), *lasts, *consequence))
        .unwrap_or((Consequence::None, Some(Span::NONE)));
    Impact { consequence, lasts, makes, removes }
}

/// The fields that change, as their kind declares them: first of what lives,
/// because that is what people use.
fn declared<'a>(
    change: &'a Change,
    resource: &Resource,
    observed: Option<&Resource>,
) -> Vec<(&'a FieldChange, Field)> {
    let mut known = observed.map(|observed| observed.spec().fields()).unwrap_or_default();
    known.extend(resource.spec().fields());
    change
        .fields
        .iter()
        .filter_map(|changed| {
            let field = known.iter().find(|field| field.name == changed.field)?;
            Some((changed, field.clone()))
        })
        .collect()
}

fn consequences_of_fields(
    change: &Change,
    resource: &Resource,
    observed: Option<&Resource>,
) -> Vec<Consequence> {
    declared(change, resource, observed)
        .into_iter()
        .map(|(changed, field)| match field.noticed {
            Noticed::Never => Consequence::None,
            Noticed::Always(consequence) => consequence,
            Noticed::WhenLess(consequence) if is_less(changed) => consequence,
            Noticed::WhenLess(_) => Consequence::None,
        })
        .collect()
}

fn fields_take(
    change: &Change,
    resource: &Resource,
    observed: Option<&Resource>,
    around: &Neighbourhood<'_>,
) -> Span {
    declared(change, resource, observed)
        .into_iter()
        .map(|(changed, field)| match (resource, changed.field.as_str()) {
            (Resource::Service(service), "count") => counted(service, changed, around),
            _ => field.takes.map_or(Span::NONE, Work::span),
        })
        .fold(Span::NONE, Span::beside)
}

/// Whether there is less of it: a lower number, an item fewer, or nothing left.
fn is_less(change: &FieldChange) -> bool {
    use serde_json::Value;
    match (&change.before, &change.after) {
        (Value::Null, _) => false,
        (_, Value::Null) => true,
        (Value::Number(before), Value::Number(after)) => after.as_f64() < before.as_f64(),
        (Value::Array(before), Value::Array(after)) => before.iter().any(|item| !after.contains(item)),
        _ => false,
    }
}
