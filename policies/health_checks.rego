# Why: without a check of its own a service is well as soon as it answers anything, and a release
# that serves error pages looks like one that works.
package health_checks

deny contains finding if {
	some name, service in input.environment.service
	service.expose
	object.get(service, ["health", "path"], "") == ""
	finding := {
		"msg": sprintf("service `%s` takes traffic and names no path for its health check; write `[service.%s.health]` with a `path` that tells when the service works", [name, name]),
		"path": sprintf("service.%s", [name]),
	}
}
