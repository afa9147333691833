package production_approvals_test

import data.production_approvals

denied(stage, changes, actor, approvals) if {
	found := production_approvals.deny with input as {
		"stage": stage,
		"plan": {"changes": changes},
		"actor": {"kind": actor, "login": "x"},
		"pull_request": {"approvals": approvals},
	}
	count(found) == 1
}

change := {"address": "service.web", "action": "rollout"}

ann := {"by": "ann"}

bob := {"by": "bob"}

test_two_people_are_enough if not denied("production", [change], "agent", [ann, bob])

test_fewer_are_not if {
	denied("production", [change], "agent", [ann])
	denied("production", [change], "agent", [ann, ann])
	denied("prod", [change], "agent", [])
}

test_a_person_at_a_terminal_needs_none if not denied("production", [change], "person", [])

test_what_is_not_read_is_not_counted if not denied("production", [change], "agent", null)

test_elsewhere_none_is_needed if not denied("staging", [change], "agent", [])

test_nothing_to_do_needs_none if not denied("production", [], "agent", [])

test_without_a_plan_nothing_is_said if {
	count(production_approvals.deny) == 0 with input as {"stage": "production", "plan": null, "actor": null, "pull_request": null}
}
