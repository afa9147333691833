# Why: with one task, every restart, every lost host and every release is an outage; two tasks
# stand in two zones.
package production_capacity

fewest := 2

deny contains finding if {
	startswith(input.stage, "prod")
	some name, service in input.environment.service
	some path, tasks in lower_bounds(service)
	tasks < fewest
	finding := {
		"msg": sprintf("service `%s` may run with %d task(s) in production; it needs at least %d", [name, tasks, fewest]),
		"path": sprintf("service.%s.%s", [name, path]),
	}
}

# With scaling, the scaler decides; without, the count.
lower_bounds(service) := {"count": object.get(service, "count", 0)} if not service.scaling

lower_bounds(service) := object.union(
	{"scaling.min": object.get(service.scaling, "min", 0)},
	{path: object.get(entry, "min", 0) |
		some index, entry in object.get(service.scaling, "schedule", [])
		path := sprintf("scaling.schedule.%d.min", [index])
	},
) if {
	service.scaling
}
