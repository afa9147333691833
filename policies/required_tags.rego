# Why: what carries no tags belongs to nobody: it is on the bill without a name, and at night
# nobody knows whom to call.
package required_tags

deny contains finding if {
	makes_something
	some tag in data.tags.required
	object.get(input.environment, ["tags", tag], "") == ""
	finding := {
		"msg": sprintf("the tag `%s` is missing; everything here carries the tags in policies/data/tags.toml", [tag]),
		"path": "tags",
	}
}

deny contains finding if {
	makes_something
	not data.tags.required
	finding := {"msg": "policies/data/tags.toml does not say which tags are `required`", "path": "tags"}
}

makes_something if {
	some kind in ["service", "load_balancer", "cache", "secret"]
	count(input.environment[kind]) > 0
}
