use super::{Phase, Rollout, Way};

/// What a phase of a cut-over wants of what is not ours. What it does not name
/// stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// The old service's number of tasks.
    pub count: Option<OldCount>,
    /// The rule that lets the load balancer reach the old service.
    pub lets_in: Option<LetsIn>,
    /// Who is behind the target group that stands for it.
    pub behind: Option<Behind>,
    /// Where the application in Microsoft Entra leads people, where the agent
    /// switches it.
    pub leads: Option<Leads>,
}

/// Where the application in Microsoft Entra leads people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To the load balancer.
    ToBalancer,
    /// To the old service, as it did before.
    ToOld,
}

/// Who is behind the target group that stands for the old service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// Its tasks, as they come and go.
    Tasks,
    /// Nobody: what is open gets its drain time before the tasks stop. ECS does
    /// that for services that it registers itself, and knows nothing of this group.
    Nobody,
}

/// The old service's number of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldCount {
    /// None: it stays, as the way back.
    Zero,
    /// As many as were recorded, where it has fewer.
    AtLeast(u32),
}

/// Whether the load balancer may reach the old service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetsIn {
    /// It may.
    Open,
    /// It need not any more.
    Closed,
}

/// What the phase of a rollout wants of what is not ours: nothing, unless it is
/// a cut-over whose plan a person approved.
pub fn outside(rollout: &Rollout) -> Outside {
    let Some(old) = rollout.snapshot.old.as_ref().filter(|_| rollout.cuts_over() && rollout.may_write_old())
    else {
        return Outside::default();
    };
    let restored = Some(OldCount::AtLeast(old.count));
    let count = match rollout.phase {
        Phase::Cleanup => Some(OldCount::Zero),
        _ if rollout.stops_blue() => Some(OldCount::Zero),
        Phase::BlueFirst | Phase::Return | Phase::SwitchBack | Phase::DrainGreen | Phase::Discard => restored,
        _ => None,
    };
    let lets_in = match rollout.phase {
        _ if !rollout.is_joined() => None,
        Phase::Switch | Phase::Shift(_) | Phase::Bake | Phase::Commit | Phase::Drain => Some(LetsIn::Open),
        Phase::BlueFirst | Phase::Return | Phase::SwitchBack | Phase::DrainGreen => Some(LetsIn::Open),
        Phase::Cleanup | Phase::Discard => Some(LetsIn::Closed),
        _ => None,
    };
    let behind = lets_in.map(|_| match rollout.phase {
        Phase::Drain | Phase::Cleanup | Phase::DrainGreen | Phase::Discard => Behind::Nobody,
        _ => Behind::Tasks,
    });
    let leads = match rollout.phase {
        _ if old.way != Way::Graph => None,
        Phase::Switch => Some(Leads::ToBalancer),
        Phase::SwitchBack => Some(Leads::ToOld),
        _ => None,
    };
    Outside { count, lets_in, behind, leads }
}
