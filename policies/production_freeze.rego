# Why: what is changed on Friday evening is repaired by whoever is on call that night; who breaks
# the freeze says so, and somebody else agrees.
package production_freeze

import data.approvals

# `input.freeze` is the window that is open now, or `null`.
deny contains finding if {
	count(input.plan.changes) > 0
	until := input.freeze.until
	not is_broken
	finding := {
		"msg": sprintf("nothing is applied here until %s: the environment is frozen; the label `break_glass` with an approval overrides it", [until]),
		"path": "freeze",
	}
}

is_broken if {
	"break_glass" in input.pull_request.labels
	approvals.is_given
}
