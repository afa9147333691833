use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The service that people used before, which a cut-over leads away from. It is
/// another's: its number of tasks is written at the end and on the way back, and
/// one rule that lets the load balancer reach it where that is needed; nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Old {
    /// The name of its `[external.NAME]`.
    pub external: String,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// The service's ARN.
    pub id: String,
    /// How many tasks it was asked for when the cut-over began: what the way back restores.
    pub count: u32,
    /// The ARN of the task definition that it ran.
    pub task_definition: String,
    /// What its tasks are behind, sorted.
    pub security_groups: Vec<String>,
    /// The port that its tasks listen on.
    pub port: u16,
    /// How people's way is switched.
    pub way: Way,
    /// The Host header that arrives.
    pub host: String,
    /// Where people enter until they are switched: a URL, where the file says so.
    #[serde(default)]
    pub from: Option<String>,
    /// Where they enter afterwards: the load balancer's URL, once it stands.
    #[serde(default)]
    pub to: Option<String>,
    /// The Object ID of the application that leads people, where the agent switches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Where that led people before the agent wrote anything, exactly as
    /// Microsoft Graph answered: what the way back restores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_url: Option<String>,
    /// Whether it serves people: until a cut-over ended well, and after it was gone back to.
    #[serde(default)]
    pub serves: bool,
}

/// How people's way is switched from the old service to the load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A person switches it, at once for everybody.
    #[default]
    Manual,
    /// The load balancer leads to the old service first; a person leads people
    /// there, which changes nothing for them, and then weights move.
    Weights,
    /// The agent switches it through Microsoft Graph, at once for everybody; a
    /// person where that cannot be done.
    Graph,
}

/// What a cut-over may write of what is not ours, with the approval of its plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exceptions<'a> {
    /// Whose number of tasks is written: cluster and service.
    pub count_of: (&'a str, &'a str),
    /// The security group that gets one rule for the load balancer, and the
    /// port; none where the load balancer need not reach the old service.
    pub lets_in: Option<(&'a str, u16)>,
    /// How people's way is switched, for which host, from where.
    pub switch: (Way, &'a str, Option<&'a str>),
    /// The application whose internal URL is written, by its Object ID; none
    /// where a person does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_url_of: Option<&'a str>,
}

impl Old {
    /// What a cut-over may write of it: what an approval binds.
    pub fn exceptions(&self) -> Exceptions<'_> {
        let group = self.security_groups.first().filter(|_| self.way == Way::Weights);
        Exceptions {
            count_of: (&self.cluster, &self.service),
            lets_in: group.map(|group| (group.as_str(), self.port)),
            switch: (self.way, &self.host, self.from.as_deref()),
            internal_url_of: self.application.as_deref().filter(|_| self.way == Way::Graph),
        }
    }
}
