package fargate_budget_test

import data.fargate_budget

budget := {"fargate": {"production": {"vcpu": 8, "memory_gib": 32}, "other": {"vcpu": 1, "memory_gib": 2}}}

paths(stage, service) := {finding.path | some finding in found} if {
	found := fargate_budget.deny with input as {"stage": stage, "environment": {"service": {"web": service}}}
		with data.budget as budget
}

test_within_is_allowed if {
	paths("production", {"cpu": 2048, "memory": 8192, "count": 4}) == set()
	paths("staging", {"cpu": 512, "memory": 1024, "count": 2}) == set()
}

test_over_is_denied if {
	paths("production", {"cpu": 2048, "memory": 4096, "count": 5}) == {"service.web.cpu"}
	paths("production", {"cpu": 1024, "memory": 8192, "count": 5}) == {"service.web.memory"}
	paths("staging", {"cpu": 1024, "memory": 2048, "count": 2}) == {"service.web.cpu", "service.web.memory"}
}

test_scaling_and_schedules_count if {
	paths("production", {"cpu": 1024, "memory": 2048, "count": 1, "scaling": {"min": 1, "max": 9}}) == {"service.web.cpu"}
	schedule := [{"min": 1, "max": 2}, {"min": 1, "max": 9}]
	paths("production", {"cpu": 1024, "memory": 2048, "scaling": {"min": 1, "max": 2, "schedule": schedule}}) == {"service.web.cpu"}
}

test_without_a_budget_nothing_is_within if {
	found := fargate_budget.deny with input as {"stage": "production", "environment": {"service": {"web": {"cpu": 256, "memory": 512, "count": 1}}}}
		with data.budget as {"fargate": {"production": {}, "other": {}}}
	count(found) == 2
	gone := fargate_budget.deny with input as {"stage": "production", "environment": {"service": {"web": {"cpu": 256, "memory": 512, "count": 1}}}}
		with data.budget as {}
	count(gone) == 1
}
