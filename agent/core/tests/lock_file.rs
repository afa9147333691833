//! The lock file beside the lock item, searched whole: two agents that exclude each other by the item, and a
//! Terraform that knows the file alone. Requests may arrive late, or never; agents die at any moment.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use pointsman_core::lease::{FileClaim, FileMark, LockFile, LockInfo};
use stateright::{Checker, Model, Property};

const TABLE: &str = "locks";

/// Everything at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct World {
    /// Who has the lock item: an agent and its fence.
    item: Option<(usize, u64)>,
    /// Of the taking that was last.
    fence: u64,
    file: Option<LockFile>,
    /// Versions are never used twice.
    versions: u8,
    agents: [Agent; 2],
    flying: Vec<Flying>,
    /// Whether Terraform believes that it has the file.
    terraform: bool,
    /// Whether an agent changed what is Terraform's.
    broken: bool,
    /// Whether an agent wrote over what another left.
    over: bool,
    /// Faults that may still happen, and times that Terraform still wants it.
    left: Left,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Left {
    takings: u8,
    crashes: u8,
    lost: u8,
    terraform: u8,
}

impl Default for Left {
    fn default() -> Self {
        Self { takings: 4, crashes: 2, lost: 2, terraform: 2 }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Agent {
    #[default]
    Idle,
    /// The item is ours, the file not yet.
    Taking { fence: u64, sent: bool },
    /// It writes.
    Held { fence: u64, version: String },
    /// It writes no more, and gives both back.
    Leaving,
}

/// What is on its way, and from whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Flying {
    Put { by: usize, mark: FileMark, over: Option<String> },
    Delete { version: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    /// A file is deleted whatever stands there.
    DeletesAnything,
    /// Whatever file stands is written over.
    PutsOverAnything,
    /// A file that an agent left bars every agent.
    NeverPutsOver,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Take(usize),
    Look(usize),
    Release(usize),
    GiveBack(usize),
    Crash(usize),
    Lands(usize),
    Unheard(usize),
    Vanishes(usize),
    TerraformLocks,
    TerraformUnlocks,
}

struct Files {
    mutant: Option<Mutant>,
}

fn mark(who: usize, fence: u64) -> FileMark {
    FileMark { owner: format!("agent {who} at {fence}"), fence, table: TABLE.to_owned() }
}

impl World {
    fn put(&mut self, text: String) -> String {
        self.versions += 1;
        let version = format!("v{}", self.versions);
        self.file = Some(LockFile::of(text, version.clone()));
        version
    }

    fn is_terraforms(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.mark.is_none())
    }

    /// A request arrives; `heard` when its sender hears what came of it.
    fn land(&mut self, index: usize, heard: bool, mutant: Option<Mutant>) {
        match self.flying.remove(index) {
            Flying::Put { by, mark, over } => {
                let standing = self.file.as_ref().map(|file| file.version.clone());
                let done = standing == over || mutant == Some(Mutant::PutsOverAnything);
                let version = done.then(|| {
                    self.broken |= self.is_terraforms();
                    self.over |= self.file.as_ref().is_some_and(|file| file.mark.is_some());
                    self.put(LockFile::content(&LockInfo::default(), &mark))
                });
                if let Agent::Taking { fence, sent } = &mut self.agents[by]
                    && *fence == mark.fence
                {
                    match version {
                        Some(version) if heard => {
                            self.agents[by] = Agent::Held { fence: mark.fence, version }
                        }
                        // Refused, or not known: it looks again.
                        Some(_) | None => *sent = false,
                    }
                }
            }
            Flying::Delete { version } => {
                let stands = self.file.as_ref().is_some_and(|file| file.version == version);
                if stands || mutant == Some(Mutant::DeletesAnything) {
                    self.broken |= self.is_terraforms();
                    self.file = None;
                }
            }
        }
    }
}

impl Model for Files {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        vec![World::default()]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        for (who, agent) in world.agents.iter().enumerate() {
            let alive = world.item.is_some_and(|(holder, _)| world.agents[holder] != Agent::Idle);
            match agent {
                Agent::Idle => {
                    let bars = world.file.as_ref().is_some_and(|file| file.keeps_out(TABLE));
                    if !alive && !bars && world.left.takings > 0 {
                        events.push(Event::Take(who));
                    }
                    continue;
                }
                Agent::Taking { sent: false, .. } => events.push(Event::Look(who)),
                Agent::Taking { sent: true, .. } => {}
                Agent::Held { .. } => events.push(Event::Release(who)),
                Agent::Leaving => events.push(Event::GiveBack(who)),
            }
            if world.left.crashes > 0 {
                events.push(Event::Crash(who));
            }
        }
        for index in 0..world.flying.len() {
            events.push(Event::Lands(index));
            if world.left.lost > 0 {
                events.extend([Event::Unheard(index), Event::Vanishes(index)]);
            }
        }
        if world.terraform {
            events.push(Event::TerraformUnlocks);
        } else if world.left.terraform > 0 && world.file.is_none() {
            events.push(Event::TerraformLocks);
        }
    }

    fn next_state(&self, before: &World, event: Event) -> Option<World> {
        let mut world = before.clone();
        match event {
            Event::Take(who) => {
                world.left.takings -= 1;
                world.fence += 1;
                world.item = Some((who, world.fence));
                world.agents[who] = Agent::Taking { fence: world.fence, sent: false };
            }
            Event::Look(who) => {
                let Agent::Taking { fence, .. } = world.agents[who] else { return None };
                let ours = mark(who, fence);
                let claim = match ours.claim(world.file.as_ref()) {
                    FileClaim::Put { over: Some(_) } if self.mutant == Some(Mutant::NeverPutsOver) => {
                        FileClaim::Foreign
                    }
                    claim => claim,
                };
                match claim {
                    FileClaim::Put { over } => {
                        world.flying.push(Flying::Put { by: who, mark: ours, over });
                        world.agents[who] = Agent::Taking { fence, sent: true };
                    }
                    FileClaim::Ours { version } => world.agents[who] = Agent::Held { fence, version },
                    FileClaim::Foreign => {
                        world.agents[who] = Agent::Idle;
                        world.item = None;
                    }
                }
            }
            Event::Release(who) => {
                let Agent::Held { version, .. } = world.agents[who].clone() else { return None };
                world.flying.push(Flying::Delete { version });
                world.agents[who] = Agent::Leaving;
            }
            Event::GiveBack(who) => {
                world.agents[who] = Agent::Idle;
                world.item = None;
            }
            Event::Crash(who) => {
                world.left.crashes -= 1;
                // Its item stands until somebody watched it; its requests are still on their way.
                world.agents[who] = Agent::Idle;
            }
            Event::Lands(index) => world.land(index, true, self.mutant),
            Event::Unheard(index) => {
                world.left.lost -= 1;
                world.land(index, false, self.mutant);
            }
            Event::Vanishes(index) => {
                world.left.lost -= 1;
                if let Flying::Put { by, mark, .. } = world.flying.remove(index)
                    && let Agent::Taking { fence, sent } = &mut world.agents[by]
                    && *fence == mark.fence
                {
                    *sent = false;
                }
            }
            Event::TerraformLocks => {
                world.left.terraform -= 1;
                world.put(r#"{"ID":"t"}"#.to_owned());
                world.terraform = true;
            }
            Event::TerraformUnlocks => {
                world.file = None;
                world.terraform = false;
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what is Terraform's is never touched", |_, world: &World| {
                !world.broken && (!world.terraform || world.is_terraforms())
            }),
            Property::always("one writes at most", |_, world: &World| {
                let holds = |agent: &&Agent| matches!(agent, Agent::Held { .. });
                world.agents.iter().filter(holds).count() + usize::from(world.terraform) <= 1
            }),
            Property::sometimes("an agent writes over a dead one's file", |_, world: &World| world.over),
            Property::always("what an agent left bars no agent", |_, world: &World| {
                world.file.as_ref().is_none_or(|file| file.mark.is_none() || !file.keeps_out(TABLE))
            }),
        ]
    }
}

fn searched(mutant: Option<Mutant>) -> impl Checker<Files> {
    Files { mutant }.checker().threads(2).spawn_bfs().join()
}

#[test]
fn agents_and_a_terraform_that_knows_the_file_alone_exclude_each_other() {
    let checker = searched(None);
    checker.assert_properties();
    println!(
        "the lock file: {} worlds, {} of them different, none wrong",
        checker.state_count(),
        checker.unique_state_count()
    );
}

#[test]
fn mistakes_are_noticed() {
    let cases = [
        (Mutant::DeletesAnything, "what is Terraform's is never touched"),
        (Mutant::PutsOverAnything, "what is Terraform's is never touched"),
        (Mutant::NeverPutsOver, "an agent writes over a dead one's file"),
    ];
    for (mutant, property) in cases {
        let checker = searched(Some(mutant));
        let found = checker.discovery(property).is_some();
        // `sometimes` has an example when all is well.
        let noticed = if mutant == Mutant::NeverPutsOver { !found } else { found };
        assert!(noticed, "{mutant:?} is not noticed by: {property}");
    }
}
