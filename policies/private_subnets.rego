# Why: a task, a cache or a load balancer in a public subnet is one wrong rule of a security
# group away from the Internet.
package private_subnets

deny contains finding if {
	some kind in ["service", "scheduled_task", "load_balancer", "cache"]
	some name, block in input.environment[kind]
	subnets := object.get(block, "subnets", "private") # the default
	subnets != "private"
	finding := {
		"msg": sprintf("%s `%s` is placed in the `%v` subnets; only `private` is allowed", [kind, name, subnets]),
		"path": sprintf("%s.%s.subnets", [kind, name]),
	}
}

# Naming public subnets "private" does not make them so.
deny contains finding if {
	some word in words(input.environment.network.private_subnets)
	contains(lower(word), "public")
	finding := {
		"msg": sprintf("the network's private subnets are selected by `%s`, which says public", [word]),
		"path": "network.private_subnets",
	}
}

words(selection) := selection if is_array(selection)

words(selection) := [value | some value in selection.tags] if is_object(selection)
