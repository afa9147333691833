# Why: a count that is set again at every deploy takes away the tasks that the autoscaler has
# just added, at the worst time.
package count_and_scaling

# The plan leaves the count of a scaled service alone; one that does not is wrong. Only a service that
# still has its first task alone is given the others.
deny contains finding if {
	some name, service in input.environment.service
	service.scaling
	some change in input.plan.changes
	change.address == sprintf("service.%s", [name])
	change.action != "create"
	some field in change.fields
	field.field == "count"
	not field.before < field.after
	finding := {
		"msg": sprintf("the plan would set the count of `service.%s` to %v, which its scaling decides", [name, field.after]),
		"path": sprintf("service.%s.count", [name]),
	}
}

# A schedule that goes out of the bounds of the scaling moves them; people rarely mean that.
warn contains finding if {
	some name, service in input.environment.service
	some index, entry in object.get(service, ["scaling", "schedule"], [])
	entry.max > service.scaling.max
	finding := {
		"msg": sprintf("schedule `%v` lets `service.%s` grow to %v tasks, beyond the %v of its scaling", [object.get(entry, "name", index), name, entry.max, service.scaling.max]),
		"path": sprintf("service.%s.scaling.schedule.%d.max", [name, index]),
	}
}
