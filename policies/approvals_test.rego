package approvals_test

import data.approvals

person := {"kind": "person", "login": "ann"}

agent := {"kind": "agent", "login": "depot"}

by(names) := {"approvals": [{"by": name} | some name in names]}

test_people_count_once if {
	approvals.count_of_people == 2 with input as {"pull_request": by(["ann", "bob", "ann"]), "actor": agent}
	approvals.count_of_people == 0 with input as {"pull_request": by([]), "actor": agent}
}

test_what_was_not_read_is_not_known if {
	every pull_request in [null, {"approvals": null}] {
		not approvals.is_known with input as {"pull_request": pull_request, "actor": agent}
		approvals.count_of_people == 0 with input as {"pull_request": pull_request, "actor": agent}
		not approvals.is_given with input as {"pull_request": pull_request, "actor": agent}
	}
	approvals.is_known with input as {"pull_request": by([]), "actor": agent}
}

test_a_person_at_a_terminal_answers_for_it if {
	approvals.is_given with input as {"pull_request": null, "actor": person}
	approvals.is_given with input as {"pull_request": by(["ann"]), "actor": agent}
	not approvals.is_given with input as {"pull_request": by([]), "actor": agent}
	not approvals.is_given with input as {"pull_request": null, "actor": null}
}
