package required_tags_test

import data.required_tags

messages(environment, tags) := {finding.msg | some finding in found} if {
	found := required_tags.deny with input as {"environment": environment} with data.tags as tags
}

required := {"required": ["Application", "Stage"]}

web := {"service": {"web": {}}}

test_all_there_is_allowed if {
	count(messages(object.union(web, {"tags": {"Application": "web", "Stage": "staging", "More": "x"}}), required)) == 0
}

test_each_missing_one_is_denied if {
	count(messages(object.union(web, {"tags": {"Application": "web"}}), required)) == 1
	count(messages(object.union(web, {"tags": {"Application": "", "Stage": "staging"}}), required)) == 1
	count(messages(web, required)) == 2
}

test_an_empty_environment_needs_none if count(messages({}, required)) == 0

test_without_the_file_nothing_is_allowed if count(messages(web, {})) == 1
