package internal_load_balancers_test

import data.internal_load_balancers

findings(balancer) := found if {
	found := internal_load_balancers.deny with input as {"environment": {"load_balancer": {"web": balancer}}}
}

test_internal_is_allowed if count(findings({"scheme": "internal"})) == 0

test_absent_means_internal if count(findings({})) == 0

test_internet_facing_is_denied if {
	some finding in findings({"scheme": "internet_facing"})
	finding.path == "load_balancer.web.scheme"
	contains(finding.msg, "internet_facing")
}

test_no_load_balancer_is_allowed if {
	count(internal_load_balancers.deny) == 0 with input as {"environment": {}}
}
