package stickiness_and_bake_test

import data.stickiness_and_bake

warned(rollout, stickiness) if {
	found := stickiness_and_bake.warn with input as {"environment": {
		"rollout": rollout,
		"service": {"web": {"expose": stickiness}},
	}}
	{finding.path | some finding in found} == {"service.web.expose.stickiness.duration"}
}

sticky(duration) := {"stickiness": {"kind": "load_balancer_cookie", "duration": duration}}

test_no_longer_than_the_bake_is_fine if {
	not warned({"strategy": "blue_green", "bake": "30m"}, sticky("30m"))
	not warned({"strategy": "blue_green", "bake": "1h"}, sticky("3600s"))
	not warned({"strategy": "blue_green", "bake": "5m"}, {})
}

test_longer_is_warned_about if {
	warned({"strategy": "blue_green", "bake": "30m"}, sticky("31m"))
	warned({"strategy": "blue_green"}, sticky("1m"))
}

test_task_by_task_there_are_no_sides if not warned({"strategy": "rolling"}, sticky("1d"))
