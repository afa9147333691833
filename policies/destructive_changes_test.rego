package destructive_changes_test

import data.destructive_changes

addresses(change, pull_request) := {finding.path | some finding in found} if {
	plan := {"changes": [object.union({"address": "cache.sessions", "kind": "replication_group"}, change)]}
	found := destructive_changes.deny with input as {"plan": plan, "pull_request": pull_request}
}

approved := {"approvals": [{"by": "ann", "at": "2031-02-03T04:05:06Z", "commit": "abc"}]}

test_deleting_and_replacing_need_an_approval if {
	every action in ["delete", "replace"] {
		addresses({"action": action, "stateful": true}, null) == {"cache.sessions"}
		addresses({"action": action, "stateful": true}, {"approvals": []}) == {"cache.sessions"}
		addresses({"action": action}, null) == {"cache.sessions"}
		addresses({"action": action, "stateful": true}, approved) == set()
	}
}

test_a_person_who_destroys_means_it if {
	plan := {"changes": [{"address": "cache.sessions", "kind": "replication_group", "action": "delete", "stateful": true}]}
	every actor in [{"kind": "agent", "login": "a"}, null] {
		count(destructive_changes.deny) == 1 with input as {"plan": plan, "pull_request": null, "intent": "destroy", "actor": actor}
	}
	person := {"kind": "person", "login": "ann"}
	count(destructive_changes.deny) == 0 with input as {"plan": plan, "pull_request": null, "intent": "destroy", "actor": person}
	count(destructive_changes.deny) == 1 with input as {"plan": plan, "pull_request": null, "intent": "deploy", "actor": person}
}

test_what_holds_nothing_may_go if addresses({"action": "delete", "stateful": false}, null) == set()

test_other_actions_need_none if {
	every action in ["create", "update", "rollout", "adopt"] {
		addresses({"action": action, "stateful": true}, null) == set()
	}
}

test_without_a_plan_nothing_is_said if {
	count(destructive_changes.deny) == 0 with input as {"plan": null, "pull_request": null}
}
