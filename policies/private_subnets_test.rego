package private_subnets_test

import data.private_subnets

findings(environment) := found if {
	found := private_subnets.deny with input as {"environment": environment}
}

test_private_is_allowed if {
	count(findings({
		"network": {"private_subnets": {"tags": {"Tier": "private"}}},
		"service": {"web": {"subnets": "private"}},
		"load_balancer": {"web": {"subnets": "private"}},
		"cache": {"sessions": {}},
	})) == 0
}

test_public_is_denied_for_every_kind if {
	found := findings({
		"service": {"web": {"subnets": "public"}},
		"scheduled_task": {"report": {"subnets": "public"}},
		"load_balancer": {"web": {"subnets": "public"}},
		"cache": {"sessions": {"subnets": "public"}},
	})
	{finding.path | some finding in found} == {
		"service.web.subnets",
		"scheduled_task.report.subnets",
		"load_balancer.web.subnets",
		"cache.sessions.subnets",
	}
}

test_public_subnets_called_private_are_denied if {
	count(findings({"network": {"private_subnets": {"tags": {"Tier": "Public"}}}})) == 1
	count(findings({"network": {"private_subnets": ["gg-public-a", "gg-private-b"]}})) == 1
}
