package protected_externals_test

import data.protected_externals

denied(change) if {
	found := protected_externals.deny with input as {"plan": {"changes": [change], "held": []}}
	count(found) == 1
}

old_service(fields) := {"address": "external.legacy", "kind": "ecs_service", "action": "update", "fields": fields}

test_every_write_is_denied if {
	every action in ["create", "update", "replace", "rollout", "adopt", "delete"] {
		denied({"address": "external.database", "kind": "aurora", "action": action, "fields": []})
	}
}

test_the_old_service_may_only_be_scaled if {
	not denied(old_service(["desired_count"]))
	not denied(old_service([{"field": "desired_count", "before": 3, "after": 0}]))
	denied(old_service(["desired_count", "task_definition"]))
	denied(old_service([]))
	denied(object.union(old_service(["desired_count"]), {"action": "delete"}))
}

test_our_own_may_be_written if {
	not denied({"address": "service.external", "kind": "service", "action": "update", "fields": []})
}
