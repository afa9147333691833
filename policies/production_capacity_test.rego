package production_capacity_test

import data.production_capacity

paths(stage, service) := {finding.path | some finding in found} if {
	found := production_capacity.deny with input as {"stage": stage, "environment": {"service": {"web": service}}}
}

test_two_are_allowed if {
	paths("production", {"count": 2}) == set()
	paths("production", {"count": 1, "scaling": {"min": 2, "max": 4}}) == set()
}

test_fewer_are_denied if {
	paths("production", {"count": 1}) == {"service.web.count"}
	paths("production", {}) == {"service.web.count"}
	paths("prod", {"count": 3, "scaling": {"min": 1, "max": 4}}) == {"service.web.scaling.min"}
	paths("production", {"count": 3, "scaling": {"min": 2, "max": 4, "schedule": [{"min": 2}, {"min": 0}]}}) == {"service.web.scaling.schedule.1.min"}
}

test_elsewhere_one_is_enough if paths("staging", {"count": 1}) == set()
