package allowed_accounts_test

import data.allowed_accounts

accounts := {"production": {"accounts": ["111111111111"], "regions": ["us-east-1", "eu-west-1"]}}

paths(stage, aws) := {finding.path | some finding in found} if {
	found := allowed_accounts.deny with input as {"stage": stage, "environment": {"aws": aws}}
		with data.accounts as accounts
}

test_what_is_listed_is_allowed if {
	paths("production", {"account": "111111111111", "region": "eu-west-1"}) == set()
}

test_each_is_denied_alone if {
	paths("production", {"account": "222222222222", "region": "us-east-1"}) == {"aws.account"}
	paths("production", {"account": "111111111111", "region": "us-west-2"}) == {"aws.region"}
}

test_a_stage_that_is_not_listed_may_use_none if {
	paths("sandbox", {"account": "111111111111", "region": "us-east-1"}) == {"aws.account", "aws.region"}
}

test_without_the_file_nothing_is_allowed if {
	found := allowed_accounts.deny with input as {"stage": "production", "environment": {"aws": {"account": "1", "region": "us-east-1"}}}
		with data.accounts as {}
	{finding.path | some finding in found} == {"aws.account", "aws.region"}
}
