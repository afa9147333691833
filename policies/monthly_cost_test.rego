package monthly_cost_test

import data.monthly_cost

budget := {"monthly": {"increase": 100}}

agent := {"kind": "agent", "login": "depot"}

plan(before, after) := {
	"changes": [{"address": "service.web"}],
	"cost": {"prices": "2026-11", "before": {"usual": before}, "after": {"usual": after}},
}

denied(given, pull_request, actor, limits) if {
	found := monthly_cost.deny with input as {"plan": given, "pull_request": pull_request, "actor": actor}
		with data.budget as limits
	count(found) == 1
}

warned(given) if {
	found := monthly_cost.warn with input as {"plan": given, "pull_request": null, "actor": agent}
		with data.budget as budget
	count(found) == 1
}

approved := {"approvals": [{"by": "ann"}]}

test_little_more_and_less_are_allowed if {
	not denied(plan("200.00", "300.00"), null, agent, budget)
	not denied(plan("200.00", "12.50"), null, agent, budget)
	not warned(plan("200.00", "300.00"))
}

test_much_more_needs_an_approval if {
	denied(plan("200.00", "300.01"), null, agent, budget)
	denied(plan("0.00", "1234.50"), {"approvals": []}, agent, budget)
	denied(plan("0.00", "1234.50"), {"approvals": null}, agent, budget)
	not denied(plan("0.00", "1234.50"), approved, agent, budget)
	not denied(plan("0.00", "1234.50"), null, {"kind": "person", "login": "ann"}, budget)
}

test_what_cannot_be_compared_needs_one_too if {
	denied(plan("0.00", "many"), null, agent, budget)
	denied(plan("0.00", 3), null, agent, budget)
	denied(plan("0.00", "3.00"), null, agent, {})
	not denied(plan("0.00", "many"), approved, agent, budget)
}

test_without_prices_it_is_said if {
	warned({"changes": [{"address": "service.web"}]})
	warned({"changes": [{"address": "service.web"}], "cost": {"prices": null}})
	not denied({"changes": [{"address": "service.web"}], "cost": {"prices": null}}, null, agent, budget)
	not warned({"changes": [], "cost": {"prices": null}})
}

test_as_people_type_there_is_no_cost if {
	not warned(null)
	not denied(null, null, null, budget)
}
