package count_and_scaling_test

import data.count_and_scaling

denied(service, change) if {
	found := count_and_scaling.deny with input as {
		"environment": {"service": {"web": service}},
		"plan": {"changes": [object.union({"address": "service.web"}, change)]},
	}
	{finding.path | some finding in found} == {"service.web.count"}
}

scaled := {"count": 3, "scaling": {"min": 2, "max": 10}}

count_field := {"field": "count", "before": 7, "after": 3}

test_the_count_is_the_scalers if {
	denied(scaled, {"action": "update", "fields": [count_field]})
	denied(scaled, {"action": "rollout", "fields": [{"field": "task_definition"}, count_field]})
}

test_other_changes_are_fine if {
	not denied(scaled, {"action": "rollout", "fields": [{"field": "task_definition"}]})
	not denied(scaled, {"action": "create", "fields": [count_field]})
	not denied(scaled, {"action": "update", "fields": [{"field": "count", "before": 1, "after": 3}]})
	not denied({"count": 3}, {"action": "update", "fields": [count_field]})
	not denied(scaled, {"address": "service.other", "action": "update", "fields": [count_field]})
}

test_schedules_stay_within_the_bounds if {
	paths := {path |
		found := count_and_scaling.warn with input as {"plan": null, "environment": {"service": {"web": {"scaling": {
			"min": 2,
			"max": 10,
			"schedule": [{"name": "night", "min": 2, "max": 4}, {"name": "sale", "min": 4, "max": 20}],
		}}}}}
		some finding in found
		path := finding.path
	}
	paths == {"service.web.scaling.schedule.1.max"}
}
