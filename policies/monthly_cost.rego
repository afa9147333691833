# Why: what grows the bill is decided by somebody who knows the budget, not found at the end of
# the month.
package monthly_cost

import data.approvals

deny contains finding if {
	increase > data.budget.monthly.increase
	not approvals.is_given
	finding := {"msg": sprintf("the plan adds $%.2f a month, more than $%v; this needs an approval on its pull request", [increase, data.budget.monthly.increase])}
}

# What cannot be compared is not small.
deny contains finding if {
	is_estimated
	not is_comparable
	not approvals.is_given
	finding := {"msg": "the plan's cost cannot be compared with `increase` of `[monthly]` in policies/data/budget.toml, so this needs an approval on its pull request"}
}

# Without prices nobody is stopped, but it is said.
warn contains finding if {
	count(input.plan.changes) > 0
	not is_estimated
	finding := {"msg": "the plan says no cost, so its increase was compared with no limit"}
}

# Where an autoscaler decides, what is usual counts.
increase := dollars(input.plan.cost.after.usual) - dollars(input.plan.cost.before.usual)

is_estimated if input.plan.cost.prices != null

is_comparable if is_number(increase - data.budget.monthly.increase)

dollars(text) := to_number(text) if {
	is_string(text)
	regex.match(`^-?[0-9]{1,12}(\.[0-9]{1,6})?$`, text)
}
