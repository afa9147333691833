# Why: one person errs, two rarely in the same way; production changes by a merge that two
# others have read.
package production_approvals

import data.approvals

fewest := 2

# On the command line a person reads the plan and answers for it. Where the agent does not read
# reviews (`approvals` is `null`), the repository's own rules for merging are all there is.
deny contains finding if {
	startswith(input.stage, "prod")
	count(input.plan.changes) > 0
	not approvals.is_person
	approvals.is_known
	approvals.count_of_people < fewest
	finding := {"msg": sprintf("this changes production and has %d of the %d approvals that it needs on its pull request", [approvals.count_of_people, fewest])}
}
