# Why: rules that want approvals agree on which ones count: those on the pull request, each
# person once; and a person at a terminal, who reads the plan and answers for it.
package approvals

# How many people approved; 0 where nobody can have.
count_of_people := count({approval.by | some approval in input.pull_request.approvals}) if is_known

count_of_people := 0 if not is_known

# `null` means that reviews are not read: that is not the same as none.
is_known if is_array(input.pull_request.approvals)

# `plan`, `apply` and `destroy` on the command line: `apply` and `destroy` ask before they begin.
is_person if input.actor.kind == "person"

is_given if count_of_people > 0

is_given if is_person
