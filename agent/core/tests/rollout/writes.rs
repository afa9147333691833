//! What an agent's writes do to what lives.

use pointsman_core::rollout::{
    Layout, Leads, Led, Obstacle, OldCount, Phase, Slot, Tasks, outside, same_weights,
};

use crate::model::{Mutant, Scope};
use crate::world::{BLUE, GREEN, LEAD, Live, NOW, OF_BLUE, TASKS, TEST, WEIGHTS, World};

impl World {
    /// What is wanted of the old service's tasks.
    fn count(&self, scope: &Scope) -> Option<OldCount> {
        let open = self.track.open.as_ref()?;
        let forgets = scope.mutant == Some(Mutant::ForgetsTheCount) && open.phase.is_way_back();
        outside(open).count.filter(|_| !forgets)
    }

    /// Where the agent leads people next, where it has not tried.
    pub fn leads(&self, scope: &Scope) -> Option<Leads> {
        let open = self.track.open.as_ref().filter(|open| open.led.is_none())?;
        if scope.mutant == Some(Mutant::LeadsEarly) && open.phase == Phase::ScaleUp {
            return Some(Leads::ToBalancer);
        }
        outside(open).leads
    }

    /// The application leads there.
    pub fn lead(&mut self) {
        let leads = self.track.open.as_ref().and_then(|open| outside(open).leads);
        self.by_balancer = leads != Some(Leads::ToOld);
    }

    /// It does not, and a person is asked to.
    pub fn refused(&mut self, scope: &Scope) {
        self.track.led(Led::ByHand(Obstacle::NotFound));
        self.write(0, scope);
    }

    /// One write arrives; after the last one it is read back.
    pub fn write(&mut self, what: u8, scope: &Scope) {
        let Layout { tasks, weights, test } = self.layout(scope);
        match what {
            WEIGHTS => {
                if let Some(weights) = weights {
                    self.weights = weights;
                    self.by_hand = false;
                }
            }
            TEST => self.test = test,
            LEAD => {
                self.lead();
                self.track.led(Led::There);
            }
            0 => self.to_write &= !LEAD,
            OF_BLUE if self.kind.cuts_over() => match self.count(scope) {
                Some(OldCount::Zero) => *self.live.get_mut(BLUE) = Live::default(),
                Some(OldCount::AtLeast(least)) => {
                    let live = self.live.get_mut(BLUE);
                    live.desired = live.desired.max(least);
                }
                None => {}
            },
            OF_BLUE => self.scale(BLUE, *tasks.get(BLUE)),
            _ => self.scale(GREEN, *tasks.get(GREEN)),
        }
        self.to_write &= !what;
        if self.to_write == 0 && self.stands(scope) {
            self.track.stood(NOW);
            self.migrating |= self.phase() == Some(Phase::Migrate);
        }
    }

    fn scale(&mut self, slot: Slot, tasks: Option<Tasks>) {
        let live = self.live.get_mut(slot);
        match tasks {
            None | Some(Tasks::Zero) => *live = Live::default(),
            Some(Tasks::One) => live.desired = 1,
            Some(Tasks::Held(least)) => {
                live.held = true;
                live.desired = live.desired.max(least);
            }
            Some(Tasks::Free) => live.held = false,
        }
    }

    /// Whether what lives is what the record wants.
    pub fn stands(&self, scope: &Scope) -> bool {
        let Layout { tasks, weights, test } = self.layout(scope);
        let fits = |slot: Slot| {
            let live = self.live.get(slot);
            if slot == BLUE && self.kind.cuts_over() {
                let serves = self.track.old.as_ref().is_some_and(|old| old.serves);
                return match (self.track.open.is_some(), self.count(scope)) {
                    (true, Some(OldCount::Zero)) => live.desired == 0,
                    (true, Some(OldCount::AtLeast(least))) => live.desired >= least,
                    (true, None) => true,
                    (false, _) => {
                        if serves {
                            live.desired >= TASKS
                        } else {
                            live.desired == 0
                        }
                    }
                };
            }
            match tasks.get(slot) {
                None | Some(Tasks::Zero) => live.desired == 0,
                Some(Tasks::One) => live.desired == 1,
                Some(Tasks::Held(least)) => live.held && live.desired >= *least,
                Some(Tasks::Free) => !live.held && live.desired > 0,
            }
        };
        weights.is_none_or(|wanted| same_weights(&wanted, &self.weights))
            && test == self.test
            && fits(BLUE)
            && fits(GREEN)
    }
}
