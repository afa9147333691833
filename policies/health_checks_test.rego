package health_checks_test

import data.health_checks

denied(service) if {
	found := health_checks.deny with input as {"environment": {"service": {"web": service}}}
	{finding.path | some finding in found} == {"service.web"}
}

listener := {"listener": "${load_balancer.web.listener.http}"}

test_a_path_is_allowed if not denied({"expose": listener, "health": {"path": "/health"}})

test_none_is_denied if {
	denied({"expose": listener})
	denied({"expose": listener, "health": {"interval": "30s"}})
}

test_without_traffic_none_is_needed if not denied({"port": 8080})
