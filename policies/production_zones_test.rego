package production_zones_test

import data.production_zones

denied(stage, subnets) if {
	found := production_zones.deny with input as {"stage": stage, "environment": {"network": {"private_subnets": subnets}}}
	{finding.path | some finding in found} == {"network.private_subnets"}
}

test_two_subnets_are_allowed if not denied("production", ["subnet-a", "subnet-b"])

test_one_is_denied if {
	denied("production", ["subnet-a"])
	denied("production", ["subnet-a", "subnet-a"])
	denied("production", [])
}

test_tags_are_left_to_the_preflight if not denied("production", {"tags": {"Tier": "private"}})

test_elsewhere_one_is_enough if not denied("staging", ["subnet-a"])
