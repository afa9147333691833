# Why: what nobody watches is found broken by its users; in production every service, load
# balancer and cache has an alarm, and the alarm tells somebody.
package alarms_present

deny contains finding if {
	startswith(input.stage, "prod")
	some kind in ["service", "load_balancer", "cache"]
	some name, _ in input.environment[kind]
	address := sprintf("%s.%s", [kind, name])
	not address in watched
	finding := {
		"msg": sprintf("no alarm watches `%s`; write `[alarms.NAME]` with `on = \"%s\"`", [address, address]),
		"path": address,
	}
}

deny contains finding if {
	startswith(input.stage, "prod")
	count(watched) > 0
	count(object.get(input.environment.alarms, "notify", [])) == 0
	finding := {"msg": "the alarms tell nobody; write `notify` with an SNS topic", "path": "alarms"}
}

watched := {alarm.on | some name, alarm in input.environment.alarms; name != "notify"}
