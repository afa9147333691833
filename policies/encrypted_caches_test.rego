package encrypted_caches_test

import data.encrypted_caches

paths(cache) := {finding.path | some finding in found} if {
	found := encrypted_caches.deny with input as {"environment": {"cache": {"sessions": cache}}}
}

test_both_is_allowed if paths({"encryption": {"at_rest": true, "in_transit": true}}) == set()

test_absent_means_both if {
	paths({}) == set()
	paths({"encryption": {}}) == set()
}

test_each_is_denied_when_off if {
	paths({"encryption": {"at_rest": false, "in_transit": true}}) == {"cache.sessions.encryption.at_rest"}
	paths({"encryption": {"in_transit": false}}) == {"cache.sessions.encryption.in_transit"}
	count(paths({"encryption": {"at_rest": false, "in_transit": false}})) == 2
}
