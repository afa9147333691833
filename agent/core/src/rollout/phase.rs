use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a rollout is. Green is the side that is released to, blue the one that
/// was live when the rollout was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Green is made, without tasks: what is to be migrated, or must not overlap
    /// with blue, does not begin by running.
    Prepare,
    /// Where two versions must never meet on one database: blue goes to zero.
    /// From here until green has traffic nobody is served.
    Stop,
    /// The one-off task migrates the database.
    Migrate,
    /// Green gets one task, which migrates the database as it starts.
    First,
    /// Green gets as many tasks as blue has, behind the test rule only.
    ScaleUp,
    /// Green is checked through the test rule.
    Test,
    /// A person is asked before traffic moves.
    Gate,
    /// In a cut-over: people's way is switched to the load balancer, and waited
    /// for until they come by it.
    Switch,
    /// The production rule gives green this step's share: an index of
    /// [`Settings::shift`](super::Settings::shift), and the last one for every
    /// greater index.
    Shift(u8),
    /// The last share stands and is watched.
    Bake,
    /// The production rule names green alone; requests to blue run out.
    Commit,
    /// What stays open on blue gets its drain time.
    Drain,
    /// Blue goes to zero, and green's autoscaler has a free hand. From here on
    /// nobody is asked and nothing rings.
    Cleanup,
    /// On the way back, where two versions must never meet: green goes to zero
    /// before blue comes.
    StopGreen,
    /// On the way back: blue has its tasks, and they are healthy.
    BlueFirst,
    /// On the way back: the production rule names blue alone.
    Return,
    /// On the way back of a cut-over: people's way is switched to the old
    /// service again, and waited for until nobody comes by the load balancer.
    SwitchBack,
    /// On the way back: what is open on green gets its drain time.
    DrainGreen,
    /// On the way back: green goes, and blue's autoscaler has a free hand.
    Discard,
}

/// Which way a rollout goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Back,
}

impl Phase {
    pub(crate) fn direction(self) -> Direction {
        match self {
            Self::Prepare
            | Self::Stop
            | Self::Migrate
            | Self::First
            | Self::ScaleUp
            | Self::Test
            | Self::Gate
            | Self::Switch
            | Self::Shift(_)
            | Self::Bake
            | Self::Commit
            | Self::Drain
            | Self::Cleanup => Direction::Forward,
            Self::StopGreen
            | Self::BlueFirst
            | Self::Return
            | Self::SwitchBack
            | Self::DrainGreen
            | Self::Discard => Direction::Back,
        }
    }

    /// Whether it goes back to what stood.
    pub fn is_way_back(self) -> bool {
        self.direction() == Direction::Back
    }

    /// Whether people may get to green in it.
    pub fn has_traffic(self) -> bool {
        matches!(
            self,
            Self::Switch | Self::Shift(_) | Self::Bake | Self::Commit | Self::Drain | Self::Cleanup
        )
    }

    /// Whether a person may still turn it back.
    pub fn can_abort(self) -> bool {
        !self.is_way_back() && self != Self::Cleanup
    }
}
