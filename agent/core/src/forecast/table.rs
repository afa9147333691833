//! The one table of times. What a number rests on stands beside it.

use serde::{Deserialize, Serialize};

use super::Span;
use crate::resource::Disruption;

/// What a number of the table rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// AWS's documentation says so; `docs/forecast.md` names the page.
    Documented(&'static str),
    /// So long it took in runs against AWS that others published.
    Seen(&'static str),
    /// A rule of ours, from the fields of what changes.
    Ours(&'static str),
    /// Nobody's figure was found: a guess, to be replaced by a better one.
    Estimate(&'static str),
}

impl Basis {
    /// In words, for the documentation.
    pub fn words(self) -> String {
        match self {
            Self::Documented(what) => format!("AWS: {what}"),
            Self::Seen(what) => format!("seen: {what}"),
            Self::Ours(what) => format!("ours: {what}"),
            Self::Estimate(what) => format!("estimate: {what}"),
        }
    }
}

/// How long a consequence lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasting {
    /// So long.
    For(Span),
    /// As the fields of the object and its neighbours say.
    Computed,
    /// Until somebody does something about it.
    Open,
}

macro_rules! consequences {
    ($($(#[$doc:meta])* $name:ident $disruption:ident $lasting:expr, $basis:expr;)*) => {
        /// What people notice of a change, and why.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Consequence { $($(#[$doc])* $name,)* }

        impl Consequence {
            /// Every consequence.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// How bad it is.
            pub fn disruption(self) -> Disruption {
                match self { $(Self::$name => Disruption::$disruption,)* }
            }

            /// What its row rests on.
            pub fn basis(self) -> Basis {
                match self { $(Self::$name => $basis,)* }
            }

            pub(super) fn lasting(self) -> Lasting {
                match self { $(Self::$name => $lasting,)* }
            }
        }
    };
}

macro_rules! work {
    ($($(#[$doc:meta])* $name:ident $low:literal..$high:literal, $basis:expr;)*) => {
        /// Something that takes AWS its time.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Work { $($(#[$doc])* $name,)* }

        impl Work {
            /// All of it.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// How long it takes.
            pub fn span(self) -> Span {
                match self { $(Self::$name => Span::between($low, $high),)* }
            }

            /// What its row rests on.
            pub fn basis(self) -> Basis {
                match self { $(Self::$name => $basis,)* }
            }
        }
    };
}

consequences! {
    /// Nothing.
    None None Lasting::For(Span::NONE),
        Basis::Ours("what is made, recorded or set aside serves nobody yet");
    /// New tasks take the place of the old ones, whose connections drain.
    ConnectionsDrain ConnectionsDrain Lasting::Computed,
        Basis::Ours("each wave of tasks keeps its connections up to the target group's deregistration delay, then gets the stop timeout");
    /// Tasks go without others in their place; their connections drain.
    FewerTasks ConnectionsDrain Lasting::Computed,
        Basis::Ours("up to the target group's deregistration delay, then the stop timeout");
    /// One node takes over from another.
    Failover Outage Lasting::For(Span::between(5, 60)),
        Basis::Documented("a failover lasts a few seconds; where DNS has to follow, 30 s to a minute");
    /// The only node is replaced by another with its data.
    NodeReplaced Outage Lasting::For(Span::between(5, 120)),
        Basis::Documented("scaling the only node interrupts twice for some seconds, when DNS moves and when the old node goes; how many is an estimate");
    /// The only node restarts.
    Restart Outage Lasting::For(Span::between(60, 900)),
        Basis::Documented("while the only node is upgraded it answers nobody; its data is kept as well as it goes; how long is an estimate");
    /// The rule leads to nobody until new tasks are well.
    TargetsMove Outage Lasting::Computed,
        Basis::Documented("a target that is new needs one good answer, one that was found unwell as many as the health check wants");
    /// Clients must follow to another port or protocol.
    PortMoves Outage Lasting::Open,
        Basis::Ours("the old port is closed at once; whoever uses it must be told");
    /// Clients must follow to another DNS name.
    AddressMoves Outage Lasting::Open,
        Basis::Ours("a new load balancer has a name of its own; DNS records and application proxies must be pointed at it");
    /// Somebody may not connect any more; open connections stay.
    AccessEnds Outage Lasting::Open,
        Basis::Documented("rules are asked when a connection begins; tracked connections go on");
    /// It is gone.
    Outage Outage Lasting::Open,
        Basis::Ours("what is deleted answers nobody until something takes its place");
    /// What it holds is lost.
    DataLost DataLost Lasting::Open,
        Basis::Ours("a deleted or replaced object takes its data with it");
}

work! {
    /// A call, and the look whether it took.
    Call 1..5,
        Basis::Estimate("AWS answers within a second or two; twice where it must be read back");
    /// A load balancer comes up.
    LoadBalancerMade 120..240,
        Basis::Seen("2 min 6 s to 3 min 7 s in fifteen logs of Terraform");
    /// Network interfaces of what is gone are given back.
    NetworkReleased 30..300,
        Basis::Estimate("EC2 refuses to delete a security group until the last interface has let go of it; AWS does not say how long that takes");
    /// A replication group comes up.
    CacheMade 300..900,
        Basis::Seen("5 min 37 s to 9 min 15 s in five logs of Terraform; more nodes take longer, and it is waited for up to an hour");
    /// Nodes are exchanged for larger, smaller, newer, more or fewer ones.
    CacheChanged 600..1800,
        Basis::Seen("a larger node about 10 to 16 min in acceptance tests of Terraform's provider, a newer engine 15 min 23 s; AWS: it depends on the node type and the data");
    /// A setting of a replication group reaches its nodes.
    CacheSet 30..180,
        Basis::Seen("a changed parameter group added less than a minute to an acceptance test of Terraform's provider; most is an estimate");
    /// A replication group goes.
    CacheGone 120..600,
        Basis::Seen("1 min 22 s and 4 min 25 s in two logs of Terraform; making and deleting a group took 9 to 21 min together");
    /// A task is placed, its image pulled, its container started.
    TaskStarts 30..180,
        Basis::Estimate("AWS does not say; half a minute to be placed, and as long as a large image takes to be pulled");
}
