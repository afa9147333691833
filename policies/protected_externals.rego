# Why: the database, the files and the old service belong to others and hold what cannot be
# made again; a plan that touches one of them is wrong, whoever approved it.
package protected_externals

deny contains finding if {
	some change in input.plan.changes
	startswith(change.address, "external.")
	not is_scaling_of_the_old_service(change)
	finding := {
		"msg": sprintf("the plan would %s `%s`, which is external: it is referred to and never written", [change.action, change.address]),
		"path": change.address,
	}
}

# The end of a cut-over stops the old service: its desired count is the one thing ever written.
is_scaling_of_the_old_service(change) if {
	change.kind == "ecs_service"
	change.action == "update"
	{field_name(field) | some field in change.fields} == {"desired_count"}
}

field_name(field) := field if is_string(field)

field_name(field) := field.field if is_object(field)
