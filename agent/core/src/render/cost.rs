//! What an environment costs in a month.

use std::fmt::Write;

use super::{
    layout::{length, padded},
    paint::{bold, dim, plain},
};
use crate::{
    cost::{Charge, Cost, HOURS, Monthly, NotCounted, Per, PriceTable, Unit, Usage},
    environment::EnvironmentName,
};

/// `$284.02 → $301.40 per month (+$17.38), us-east-1 prices of 2026-11`.
pub fn sentence(cost: &Cost) -> String {
    sentence_of(cost, &plain(&cost.region))
}

/// The same, with the region as the caller shows it.
pub(super) fn sentence_of(cost: &Cost, region: &str) -> String {
    let Cost { region: _, prices, before, after, items: _, not_counted: _ } = cost;
    let Some(prices) = prices else {
        return format!("no prices of {region} are known, so nothing is estimated");
    };
    let amount = if before.usual == after.usual {
        format!("{} per month (unchanged)", after.usual)
    } else {
        let difference = after.usual - before.usual;
        format!("{} → {} per month ({})", before.usual, after.usual, difference.difference())
    };
    let bounds = scaling(after).map(|bounds| format!("; scaling: {bounds}")).unwrap_or_default();
    format!("{amount}{bounds}, {region} prices of {prices}")
}

/// `$199.00–$880.00`, where an autoscaler decides.
pub fn scaling(monthly: &Monthly) -> Option<String> {
    let Monthly { low, usual: _, high } = monthly;
    (low != high).then(|| format!("{low}–{high}"))
}

/// `3 tasks × 2 vCPU × 730 h × $0.04048`.
pub fn charge(charge: &Charge) -> String {
    let Charge { unit, number, each_thousandths, per, price, monthly: _ } = charge;
    let number = number.usual;
    let many = |one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let each = decimal(*each_thousandths);
    let what = match unit {
        Unit::Vcpu => format!("{} × {each} vCPU", many("task", "tasks")),
        Unit::Gigabyte => format!("{} × {each} GB", many("task", "tasks")),
        Unit::Node => many("node", "nodes"),
        Unit::LoadBalancer => many("load balancer", "load balancers"),
        Unit::Secret => many("secret", "secrets"),
        Unit::Alarm => many("alarm", "alarms"),
    };
    let time = match per {
        Per::Hour => format!(" × {HOURS} h"),
        Per::Month => String::new(),
    };
    format!("{what}{time} × {}", price.price())
}

fn decimal(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What is not counted, and what it would cost.
pub fn not_counted(left_out: &NotCounted) -> String {
    let NotCounted { address: _, usage, price } = left_out;
    let (what, of_each) = match usage {
        Usage::CapacityUnits => ("capacity units (LCU) by use", "for an hour of each"),
        Usage::PublicAddresses => ("public addresses, one in each zone at least", "for an hour of each"),
        Usage::Logs => ("logs by use", "for each GB that comes in"),
        Usage::Dashboard => ("three of an account cost nothing", "a month for each further one"),
        Usage::Requests => ("requests by use", "for a million"),
        Usage::Storage => ("storage and requests by use", "for a GB and month"),
        Usage::ScheduledTasks => ("tasks by the time that they run", "for each"),
        Usage::NodeType => ("its node type has no price in the table", "for each"),
        Usage::Architecture => ("its processor architecture has no price in the table", "for each"),
    };
    match price {
        Some(price) => format!("{what}, {} {of_each}", price.price()),
        None => what.to_owned(),
    }
}

/// The bill of an environment as its file describes it.
pub fn terminal(environment: &EnvironmentName, cost: &Cost) -> String {
    let Cost { region, prices, before: _, after, items, not_counted: left_out } = cost;
    let mut text = String::new();
    let region = plain(region);
    let _ = writeln!(text, "{} {}\n", bold(environment.as_str()), dim(&format!("(a month in {region})")));
    let Some(date) = prices else {
        let _ = writeln!(
            text,
            "No prices of {region} are known, so nothing is estimated. Next: look them up at AWS, or estimate it with an environment in another region."
        );
        return text;
    };
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for item in items {
        for (index, one) in item.charges.iter().enumerate() {
            let address = if index == 0 { item.address.to_string() } else { String::new() };
            rows.push((address, charge(one), one.monthly.usual.to_string()));
        }
    }
    let total = after.usual.to_string();
    let address = rows.iter().map(|(address, _, _)| length(address)).max().unwrap_or(0).max(5);
    let what = rows.iter().map(|(_, what, _)| length(what)).max().unwrap_or(0);
    let amount = rows.iter().map(|(_, _, amount)| length(amount)).max().unwrap_or(0).max(length(&total));
    for (name, charge, monthly) in &rows {
        let _ = writeln!(text, "  {}  {}  {monthly:>amount$}", padded(name, address), padded(charge, what));
    }
    let line = format!("  {}  {}  {total:>amount$}", padded("Total", address), padded("", what));
    let _ = writeln!(text, "{}", bold(&line));
    if let Some(bounds) = scaling(after) {
        let _ = writeln!(text, "  With the fewest and the most tasks that scaling allows: {bounds}.");
    }
    text.push_str("\nNot counted:\n");
    for one in left_out {
        let _ = writeln!(text, "  {}: {}", one.address, not_counted(one));
    }
    let _ = writeln!(text, "  traffic between zones and out of AWS, storage of logs, externals");
    let _ = writeln!(
        text,
        "\n{}",
        dim(&format!("On-demand prices of {date}, before taxes, discounts and free tiers."))
    );
    text
}

/// Where the prices are from, for machines.
pub fn source() -> &'static str {
    &PriceTable::built_in().source
}
