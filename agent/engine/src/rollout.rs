//! Rollouts as they are driven: look, ask the machine, record, bring about.
//! Each phase is a small plan that goes the way of every other plan; what is
//! decided is decided in `core::rollout`.

mod beside;
mod bring;
mod facts;
mod known;
mod lead;
mod waits;
mod watched;

use std::{collections::BTreeMap, mem::discriminant, time::Duration};

use pointsman_core::{
    Address,
    desired::Surroundings,
    report::{ChangeOutcome, Event, RolloutOutcome, Sides, Standstill, StoppedTask},
    rollout::{
        Facts, Patience as Late, Phase, Purpose, Rollout, Said, Step, Track, Why, Word, is_short, layout,
        step,
    },
    state::State,
};

use tokio::sync::Mutex;

pub(crate) use self::facts::look_at_rest;
pub use self::waits::waits;
use self::{
    bring::Brought,
    facts::{Already, look_at},
    watched::Watched,
};
pub(crate) use self::{bring::is_of, known::Known};
use crate::{Failure, Run, journal::Journal, keeper::Keeper, last_words::words_of, lease::LeaseProof};

/// What a rollout is driven with.
pub(crate) struct Drive<'a> {
    pub(crate) run: &'a Run,
    pub(crate) proof: &'a LeaseProof,
    pub(crate) keeper: &'a Keeper,
    pub(crate) journal: &'a Journal,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) known: Mutex<Known>,
}

/// What came of driving.
#[derive(Default)]
pub(crate) struct Driven {
    /// What was changed on the way.
    pub(crate) changes: Vec<ChangeOutcome>,
    /// Where each rollout stands, or how it ended.
    pub(crate) rollouts: Vec<RolloutOutcome>,
    /// Tasks of a green that was turned back, with what they said last: asked
    /// for before it goes.
    pub(crate) stopped: Vec<StoppedTask>,
}

/// What the loop does next.
enum Next {
    /// Look again at once.
    Again,
    /// Look again after a pause.
    Later(Duration),
    /// Nothing more can be done now.
    Stand(Standstill),
}

impl Drive<'_> {
    /// Drives every open rollout until it ends, or until a person is needed.
    pub(crate) async fn to_its_end(&self) -> Result<Driven, Failure> {
        let mut driven = Driven::default();
        let services: Vec<String> = open(&self.keeper.state().await).into_keys().collect();
        for service in services {
            let outcome = self.one(&service, &mut driven).await?;
            driven.rollouts.push(outcome);
        }
        Ok(driven)
    }

    async fn one(&self, service: &str, driven: &mut Driven) -> Result<RolloutOutcome, Failure> {
        let mut watched = Watched::default();
        loop {
            let state = self.keeper.state().await;
            let Some(rollout) = state.tracks.get(service).and_then(|track| track.open.clone()) else {
                let ended = state.tracks.get(service).and_then(|track| track.last.clone());
                return Ok(RolloutOutcome {
                    service: service.to_owned(),
                    ended,
                    at: None,
                    stands: None,
                    plan: String::new(),
                    to_do: None,
                });
            };
            let next = match self.stands_still() {
                Some(why) => Next::Stand(why),
                None => self.turn(service, &rollout, &mut watched, driven).await?,
            };
            match next {
                Next::Again => watched.sooner(),
                Next::Later(pause) => {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = self.run.stop.asked() => {}
                    }
                }
                Next::Stand(stands) => {
                    let state = self.keeper.state().await;
                    let seen = state.tracks.get(service).and_then(|track| track.open.clone());
                    let rollout = seen.unwrap_or(rollout);
                    let at = Some(rollout.phase);
                    return Ok(RolloutOutcome {
                        service: service.to_owned(),
                        ended: None,
                        at,
                        stands: Some(stands),
                        plan: rollout.plan.clone(),
                        to_do: pointsman_core::render::rollout::steps(&rollout),
                    });
                }
            }
        }
    }

    fn stands_still(&self) -> Option<Standstill> {
        if self.run.stop.is_asked() {
            return Some(Standstill::Stopped);
        }
        self.proof.check().is_err().then_some(Standstill::LeaseLost)
    }

    /// One look, and what follows from it.
    async fn turn(
        &self,
        service: &str,
        rollout: &Rollout,
        watched: &mut Watched,
        driven: &mut Driven,
    ) -> Result<Next, Failure> {
        let rollout = &self.heard(service, rollout).await?;
        let rollout = &self.learn_entry(service, rollout).await?;
        self.follow_old(service, rollout).await?;
        let (rollout, entry) = self.see_entry(service, rollout).await?;
        let rollout = &rollout;
        let state = self.keeper.state().await;
        if rollout.phase.has_traffic() && rollout.stood_ms.is_some() {
            watched.led_since.get_or_insert(now_ms());
        }
        // Checks that green passed in this phase are not asked for again while it proves itself.
        let already = Already {
            passed: watched.passed == Some(rollout.since_ms),
            led_since_ms: watched.led_since.filter(|_| rollout.phase.has_traffic()),
        };
        let mut facts = look_at(self.run, &state, service, rollout, already).await?;
        watched.passed = matches!(facts.checked, Some(Ok(()))).then_some(rollout.since_ms);
        watched.polls = watched.polls.next(rollout, &facts);
        facts.polls = watched.polls;
        facts.entry = entry;
        self.show(Sides::of(service, rollout, &facts), service, watched);
        // Traffic is back by now, and green still stands: nothing waits for what it said. Whoever goes on after
        // another was stopped here asks as well.
        if rollout.phase == Phase::Discard && !std::mem::replace(&mut watched.worded, true) {
            let green = Address::block("service", &rollout.to.block_name(service));
            driven.stopped.extend(words_of(self.run, &state, &green, rollout.opened_at_ms).await);
        }
        let now = now_ms();
        facts.refused_for_ms = watched.refused_since.map(|since| now.saturating_sub(since));
        watched.short_since = is_short(rollout, &facts).then(|| watched.short_since.unwrap_or(now));
        facts.short_for_ms = watched.short_since.map(|since| now.saturating_sub(since));
        watched.forget_old_alarms(rollout, &mut facts);
        let step = step(rollout, &facts, now);
        if step != Step::Apply {
            watched.refused_since = None;
        }
        self.tell(service, rollout, &facts, &step, watched);
        match step {
            Step::Wait {
                why: Why::Arriving(Late::Spent) | Why::Leaving(Late::Spent) | Why::StillLed(Late::Spent),
                ..
            } => Ok(Next::Stand(Standstill::Switch)),
            Step::Wait { until_ms, .. } => {
                let left = until_ms.map(|until| Duration::from_millis(until.saturating_sub(now)));
                let pause = watched.longer();
                Ok(Next::Later(left.map_or(pause, |left| left.min(pause)).max(Duration::from_millis(100))))
            }
            Step::Ask { .. } => Ok(Next::Stand(Standstill::Asks)),
            Step::Apply => {
                let brought = self.bring_about(service, rollout.phase.is_way_back(), driven).await?;
                let beside = match brought {
                    Brought::Refused => false,
                    Brought::Nothing | Brought::Something => {
                        self.brings_about_beside(service, rollout).await?
                    }
                };
                if beside && self.lead(service, rollout).await? && rollout.stood_ms.is_none() {
                    self.change(service, |track| track.stood(now_ms())).await?;
                    return Ok(Next::Again);
                }
                if beside && brought == Brought::Something {
                    return Ok(Next::Again);
                }
                // What could not be done is seen in the facts; the machine says what follows. Where there was
                // nothing to do, what is wanted comes by itself or not at all.
                watched.refused_since = if beside { None } else { watched.refused_since.or(Some(now)) };
                Ok(Next::Later(watched.longer()))
            }
            Step::Enter(phase) => {
                let before = facts.sides.get(rollout.blue()).counted;
                let moves = phase.has_traffic() && !rollout.phase.has_traffic();
                self.change(service, |track| {
                    if moves {
                        track.counted_before(before);
                    }
                    enter(track, &step, now);
                })
                .await?;
                Ok(Next::Again)
            }
            Step::Abort { .. } | Step::Raise { .. } | Step::Migrated(_) => {
                self.change(service, |track| track.follow(&step, now)).await?;
                Ok(Next::Again)
            }
            Step::End(_) => {
                self.change(service, |track| track.follow(&step, now)).await?;
                // What belongs to the live side follows it: alarms, the dashboard.
                self.bring_about(service, false, driven).await?;
                Ok(Next::Again)
            }
        }
    }

    /// Takes over what people have said since the last look.
    async fn heard(&self, service: &str, rollout: &Rollout) -> Result<Rollout, Failure> {
        let mut rollout = rollout.clone();
        for (word, said) in self.run.ports.runs.said(rollout.opened_at_ms).await? {
            if has_heard(&rollout, word, &said) {
                continue;
            }
            let mut heard = false;
            self.change(service, |track| heard = track.say(word, said.clone()).is_ok()).await?;
            if heard
                && let Some(open) =
                    self.keeper.state().await.tracks.get(service).and_then(|it| it.open.clone())
            {
                rollout = open;
            }
        }
        Ok(rollout)
    }

    async fn change(&self, service: &str, change: impl FnOnce(&mut Track)) -> Result<(), Failure> {
        self.keeper
            .change(|state| {
                if let Some(track) = state.tracks.get_mut(service) {
                    change(track);
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Shows both sides, whenever they are otherwise than before.
    fn show(&self, sides: Sides, service: &str, watched: &mut Watched) {
        if watched.shown.as_ref() != Some(&sides) {
            watched.shown = Some(sides.clone());
            let (service, sides) = (service.to_owned(), Box::new(sides));
            self.run.listener.tell(&Event::Sides { service, sides });
        }
    }

    /// Tells whatever is new: where it is, and what it waits for.
    fn tell(&self, service: &str, rollout: &Rollout, facts: &Facts, step: &Step, watched: &mut Watched) {
        let kind = match step {
            Step::Wait { why, .. } => (discriminant(step), Some(discriminant(why))),
            other => (discriminant(other), None),
        };
        let told = Some((rollout.phase, kind, rollout.led.clone()));
        if std::mem::replace(&mut watched.told, told.clone()) == told {
            return;
        }
        self.run.listener.tell(&Event::Rollout {
            service: service.to_owned(),
            text: pointsman_core::render::rollout::under_way(service, rollout, facts, step, now_ms()),
        });
    }
}

/// Enters a phase. One that wants what stands already is not brought about anew.
fn enter(track: &mut Track, step: &Step, now_ms: u64) {
    let stood = track.open.as_ref().is_some_and(|open| open.stood_ms.is_some());
    let before = layout(track);
    track.follow(step, now_ms);
    // What is brought about beside the sides is in no layout.
    let beside = track.open.as_ref().is_some_and(|open| {
        matches!(open.purpose, Purpose::CutOver | Purpose::ToOld) || open.phase == Phase::Migrate
    });
    if stood && !beside && layout(track) == before {
        track.stood(now_ms);
    }
}

/// The rollouts that are open, by service.
pub(crate) fn open(state: &State) -> BTreeMap<String, Rollout> {
    let open = state.tracks.iter().filter_map(|(name, track)| Some((name.clone(), track.open.clone()?)));
    open.collect()
}

fn has_heard(rollout: &Rollout, word: Word, said: &Said) -> bool {
    match word {
        Word::Approve => rollout.approvals.contains(said),
        Word::Abort => rollout.abort.is_some(),
        Word::Promote => rollout.promote.is_some(),
    }
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()
}
