# Why: a zero too many in `max` or `memory` is found on the bill a month later; a service that
# has to grow beyond its stage's budget gets a budget first.
package fargate_budget

deny contains finding if {
	some name, service in input.environment.service
	some path, problem in over(name, service)
	finding := {"msg": problem, "path": sprintf("service.%s.%s", [name, path])}
}

over(name, service) := {path: problem |
	some path, resource in {"cpu": "vcpu", "memory": "memory_gib"}
	most := object.get(budget, resource, 0)
	wanted := (most_tasks(service) * service[path]) / 1024
	wanted > most
	problem := sprintf("service `%s` may grow to %d tasks with %v %s together; the budget of `%s` is %v (policies/data/budget.toml)", [name, most_tasks(service), wanted, units[resource], input.stage, most])
}

units := {"vcpu": "vCPU", "memory_gib": "GiB of memory"}

budget := object.get(data.budget.fargate, input.stage, data.budget.fargate.other)

# Without the data file nothing is within budget.
deny contains finding if {
	some name, _ in input.environment.service
	not budget
	finding := {
		"msg": "policies/data/budget.toml says no size that services may grow to: it needs `[fargate.other]`",
		"path": sprintf("service.%s", [name]),
	}
}

most_tasks(service) := max(array.concat(
	[object.get(service, "count", 0), object.get(service, ["scaling", "max"], 0)],
	[object.get(entry, "max", 0) | some entry in object.get(service, ["scaling", "schedule"], [])],
))
