//! What a load balancer decides by: its rules, and its groups with their targets.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::xml::Element;

/// The rules of one listener in the order of their priority, and the groups that they name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) rules: Vec<Rule>,
    pub(super) groups: BTreeMap<String, Group>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    conditions: Vec<Condition>,
    pub(super) action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    field: String,
    name: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Forward { weights: Vec<(String, u64)>, sticky: Duration },
    Fixed(u16),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) sticky: Duration,
    pub(super) delay: Duration,
    /// By address and port.
    pub(super) targets: BTreeMap<String, Target>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Healthy,
    Draining,
    /// Registered, and not (yet) healthy.
    Other,
}

impl Rule {
    /// A member of what DescribeRules answers; an error where it holds what is not modelled here.
    pub(super) fn read(rule: &Element) -> Result<Self> {
        let conditions = rule.list("Conditions").iter().map(|condition| {
            let field = condition.text("Field");
            let values = match field {
                "http-header" => condition.texts("HttpHeaderConfig/Values"),
                "host-header" | "path-pattern" => condition.texts("Values"),
                _ => bail!("a condition on {field} is not modelled"),
            };
            let name = condition.text("HttpHeaderConfig/HttpHeaderName").to_owned();
            Ok(Condition { field: field.to_owned(), name, values })
        });
        let conditions = conditions.collect::<Result<_>>()?;
        let action = rule.list("Actions").last().context("a rule without an action")?;
        Ok(Self { conditions, action: Action::read(action)? })
    }
}

impl Action {
    fn read(action: &Element) -> Result<Self> {
        match action.text("Type") {
            "forward" => {}
            "fixed-response" => {
                return Ok(Self::Fixed(action.text("FixedResponseConfig/StatusCode").parse()?));
            }
            other => bail!("an action that is a {other} is not modelled"),
        }
        let groups = action.list("ForwardConfig/TargetGroups").iter().map(|group| {
            let weight = group.text("Weight");
            let weight = weight.parse().with_context(|| format!("{weight:?} is no weight"))?;
            Ok((name_of(group.text("TargetGroupArn")).to_owned(), weight))
        });
        let weights = groups.collect::<Result<_>>()?;
        let stickiness = action.at("ForwardConfig/TargetGroupStickinessConfig");
        let enabled = stickiness.filter(|stickiness| stickiness.text("Enabled") == "true");
        let seconds = enabled.map_or(Ok(0), |stickiness| stickiness.text("DurationSeconds").parse())?;
        Ok(Self::Forward { weights, sticky: Duration::from_secs(seconds) })
    }
}

impl Target {
    /// A state as DescribeTargetHealth tells it.
    pub(super) fn read(state: &str) -> Self {
        match state {
            "healthy" => Self::Healthy,
            "draining" => Self::Draining,
            _ => Self::Other,
        }
    }
}

/// The name in a target group's ARN.
pub(super) fn name_of(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

/// What HAProxy calls a target of a group.
pub(super) fn server_of(group: &str, target: &str) -> String {
    format!("{group}_{}", target.replace(['.', ':'], "_"))
}

impl Table {
    /// Every target that may have connections, by the name that HAProxy gives it: its address.
    pub(super) fn servers(&self) -> BTreeMap<String, String> {
        let targets = self.groups.iter().flat_map(|(name, group)| {
            group.targets.keys().map(move |target| (server_of(name, target), target.clone()))
        });
        targets.collect()
    }

    /// The targets that leave, with the time that their group gives them.
    pub(super) fn draining(&self) -> impl Iterator<Item = (String, Duration)> {
        self.groups.iter().flat_map(|(name, group)| {
            let leaving = group.targets.iter().filter(|(_, state)| **state == Target::Draining);
            leaving.map(|(target, _)| (server_of(name, target), group.delay))
        })
    }

    /// The value that balancer.lua decides by. Rust's quotes are Lua's.
    pub(super) fn lua(&self) -> String {
        let mut lua = String::from("return {\n  rules = {\n");
        for rule in &self.rules {
            lua.push_str("    { conditions = { ");
            for Condition { field, name, values } in &rule.conditions {
                let _ = write!(lua, "{{ field = {field:?}, name = {name:?}, values = {} }}, ", list(values));
            }
            lua.push_str("}, ");
            match &rule.action {
                Action::Fixed(status) => {
                    let _ = write!(lua, "status = {status} ");
                }
                Action::Forward { weights, sticky } => {
                    let _ = write!(lua, "sticky = {}, groups = {{ ", sticky.as_secs());
                    for (name, weight) in weights {
                        let _ = write!(lua, "{{ name = {name:?}, weight = {weight} }}, ");
                    }
                    lua.push_str("} ");
                }
            }
            lua.push_str("},\n");
        }
        lua.push_str("  },\n  groups = {\n");
        for (name, group) in &self.groups {
            let of = |wanted| {
                let targets = group.targets.iter().filter(|(_, state)| **state == wanted);
                list(&targets.map(|(target, _)| server_of(name, target)).collect::<Vec<_>>())
            };
            let (healthy, other) = (of(Target::Healthy), of(Target::Other));
            let sticky = group.sticky.as_secs();
            let _ = writeln!(
                lua,
                "    [{name:?}] = {{ sticky = {sticky}, healthy = {healthy}, other = {other} }},"
            );
        }
        lua.push_str("  },\n}\n");
        lua
    }
}

fn list(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    format!("{{ {} }}", quoted.join(", "))
}
