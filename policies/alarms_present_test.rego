package alarms_present_test

import data.alarms_present

paths(stage, alarms) := {finding.path | some finding in found} if {
	found := alarms_present.deny with input as {"stage": stage, "environment": {
		"service": {"web": {}},
		"load_balancer": {"web": {}},
		"cache": {"sessions": {}},
		"alarms": alarms,
	}}
}

topic := "arn:aws:sns:us-east-1:111111111111:ops"

all := {"notify": [topic], "a": {"on": "service.web"}, "b": {"on": "load_balancer.web"}, "c": {"on": "cache.sessions"}}

test_all_watched_is_allowed if paths("production", all) == set()

test_each_that_is_not_watched_is_denied if {
	paths("production", json.remove(all, ["a"])) == {"service.web"}
	paths("production", {}) == {"service.web", "load_balancer.web", "cache.sessions"}
}

test_alarms_tell_somebody if {
	paths("production", json.remove(all, ["notify"])) == {"alarms"}
	paths("production", object.union(all, {"notify": []})) == {"alarms"}
}

test_elsewhere_none_is_needed if paths("staging", {}) == set()

test_without_alarms_everything_is_unwatched if {
	found := alarms_present.deny with input as {"stage": "production", "environment": {"service": {"web": {}}}}
	{finding.path | some finding in found} == {"service.web"}
}
