use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Field, Link, Rule, field::number};

/// How ECS itself leads people from the tasks before to new ones: it starts
/// them in the target group that is not used, and moves the weights of the rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Native {
    /// The other target group's ARN: every second release stands in it.
    pub alternate: Link,
    /// The ARN of the rule that leads people to the service.
    pub rule: Link,
    /// The ARN of the role with which ECS writes the rule.
    pub role: String,
    /// In which steps traffic moves.
    pub shift: Shift,
    /// Minutes that the tasks before are kept after the last step, 0 to 1,440.
    pub bake: u32,
    /// Names of the alarms that turn a release back, sorted.
    pub alarms: Vec<String>,
}

/// The steps in which ECS can move traffic.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// All of it at once: `BLUE_GREEN`.
    AtOnce,
    /// Some of it, and after so many minutes the rest: `CANARY`.
    Canary {
        /// Percent, 0.1 to 100.
        percent: f64,
        /// Minutes, 0 to 1,440.
        minutes: u32,
    },
    /// In equal steps, so many minutes apart: `LINEAR`.
    Linear {
        /// Percent, 3 to 100.
        percent: f64,
        /// Minutes, 0 to 1,440.
        minutes: u32,
    },
}

/// The least that ECS moves in equal steps, in percent.
const LEAST_STEP: u8 = 3;

impl Shift {
    /// What ECS calls these steps, which rise and end with 100 (percent); none
    /// where it cannot move traffic so. Without steps all of it moves at once.
    pub fn of(steps: &[u8], minutes: u32) -> Option<Self> {
        match steps {
            [] | [100] => Some(Self::AtOnce),
            [percent, 100] if *percent > 0 => Some(Self::Canary { percent: f64::from(*percent), minutes }),
            [first, .., 100] if *first >= LEAST_STEP => {
                let is_equal = |(number, step): (usize, &u8)| {
                    usize::from(*step) == ((number + 1) * usize::from(*first)).min(100)
                };
                let all = steps.iter().enumerate().all(is_equal);
                all.then_some(Self::Linear { percent: f64::from(*first), minutes })
            }
            _ => None,
        }
    }

    /// Its name, as fields show it.
    fn name(self) -> &'static str {
        match self {
            Self::AtOnce => "blue_green",
            Self::Canary { .. } => "canary",
            Self::Linear { .. } => "linear",
        }
    }

    fn step(self) -> Option<(f64, u32)> {
        match self {
            Self::AtOnce => None,
            Self::Canary { percent, minutes } | Self::Linear { percent, minutes } => Some((percent, minutes)),
        }
    }

    /// Minutes that all pauses between its steps come to.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 34 steps")]
    pub fn minutes(self) -> u32 {
        match self {
            Self::AtOnce => 0,
            Self::Canary { minutes, .. } => minutes,
            Self::Linear { percent, minutes } => {
                let steps = (100.0 / percent.max(f64::from(LEAST_STEP))).ceil() as u32;
                steps.saturating_sub(1).saturating_mul(minutes)
            }
        }
    }
}

impl Native {
    /// Minutes that ECS waits while it carries out a release.
    pub fn minutes(&self) -> u32 {
        self.shift.minutes().saturating_add(self.bake)
    }

    /// What is written of how a service's traffic moves; task by task, where
    /// there is nothing. Neither way can be left on what lives: where people
    /// are led to the alternate group nobody but ECS can lead them back, and it
    /// wants to be told of both groups before it is asked for a release.
    pub(super) fn fields(native: Option<&Self>) -> Vec<Field> {
        let Some(Self { alternate: _, rule, role, shift, bake, alarms }) = native else {
            return vec![Field::new(Rule::Impossible, "native", false)];
        };
        let (percent, minutes) = shift.step().unzip();
        vec![
            Field::new(Rule::Impossible, "native", true),
            Field::in_place("strategy", shift.name()),
            Field::rollout("production_rule", rule.to_value()),
            Field::rollout("traffic_role", role.clone()),
            Field::in_place("step_percent", percent.map_or(Value::Null, number)),
            Field::in_place("step_minutes", minutes),
            Field::in_place("bake_minutes", *bake),
            Field::in_place("abort_on", alarms.clone()),
        ]
    }

    /// The two groups, in whichever order: ECS may tell first which one is live.
    pub(super) fn groups(&self, main: Option<&Link>) -> Value {
        let mut groups: Vec<String> = main
            .into_iter()
            .chain([&self.alternate])
            .filter_map(|it| it.to_value().as_str().map(ToOwned::to_owned))
            .collect();
        groups.sort();
        groups.into()
    }

    pub(super) fn links(&self) -> [&Link; 2] {
        [&self.alternate, &self.rule]
    }

    pub(super) fn links_mut(&mut self) -> [&mut Link; 2] {
        [&mut self.alternate, &mut self.rule]
    }
}

#[cfg(test)]
mod tests {
    use super::Shift;

    #[test]
    fn steps_as_ecs_calls_them() {
        let of = |steps: &[u8]| Shift::of(steps, 5);
        let linear = |percent| Some(Shift::Linear { percent, minutes: 5 });
        assert_eq!(of(&[]), Some(Shift::AtOnce));
        assert_eq!(of(&[100]), Some(Shift::AtOnce));
        assert_eq!(of(&[10, 100]), Some(Shift::Canary { percent: 10.0, minutes: 5 }));
        assert_eq!(of(&[25, 50, 75, 100]), linear(25.0));
        assert_eq!(of(&[30, 60, 90, 100]), linear(30.0), "the last step is what is left");
        assert_eq!(of(&[5, 25, 50, 100]), None);
        assert_eq!(of(&[2, 4, 100]), None);
        assert_eq!(of(&[50]), None);
    }

    #[test]
    fn pauses_between_steps() {
        assert_eq!(Shift::AtOnce.minutes(), 0);
        assert_eq!(Shift::Canary { percent: 10.0, minutes: 5 }.minutes(), 5);
        assert_eq!(Shift::Linear { percent: 25.0, minutes: 5 }.minutes(), 15);
        assert_eq!(Shift::Linear { percent: 30.0, minutes: 5 }.minutes(), 15);
    }
}
