# Why: what is lost with a stateful object does not come back with the next merge, so a second
# person looks at the plan first.
package destructive_changes

import data.approvals

deny contains finding if {
	some change in input.plan.changes
	change.action in {"delete", "replace"}
	object.get(change, "stateful", true) != false # what does not say is taken as stateful
	not is_approved
	finding := {
		"msg": sprintf("`%s` (%s) would be %s and what it holds is lost; this needs an approval on its pull request", [change.address, change.kind, done[change.action]]),
		"path": change.address,
	}
}

is_approved if approvals.count_of_people > 0

# `pointsman destroy` says it by its name, and asks before it begins.
is_approved if {
	input.intent == "destroy"
	input.actor.kind == "person"
}

done := {"delete": "deleted", "replace": "replaced"}
