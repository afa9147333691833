package production_freeze_test

import data.production_freeze

denied(freeze, changes, pull_request) if {
	found := production_freeze.deny with input as {
		"freeze": freeze,
		"plan": {"changes": changes},
		"pull_request": pull_request,
		"actor": {"kind": "agent", "login": "depot"},
	}
	{finding.path | some finding in found} == {"freeze"}
}

frozen := {"until": "2031-02-10T05:00:00Z"}

change := {"address": "service.web", "action": "update"}

test_a_freeze_denies if {
	denied(frozen, [change], null)
	denied(frozen, [change], {"labels": [], "approvals": [{"by": "ann"}]})
	denied(frozen, [change], {"labels": ["break_glass"], "approvals": []})
}

test_breaking_it_needs_the_label_and_an_approval if {
	not denied(frozen, [change], {"labels": ["break_glass"], "approvals": [{"by": "ann"}]})
}

test_without_a_freeze_or_a_change_nothing_is_denied if {
	not denied(null, [change], null)
	not denied(frozen, [], null)
}
