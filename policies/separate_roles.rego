# Why: the execution role may read every secret of the task and pull its image; the application
# gets a role of its own, or whoever breaks into it has both.
package separate_roles

deny contains finding if {
	some name, service in input.environment.service
	service.task_role == service.execution_role
	finding := {
		"msg": sprintf("service `%s` gives its tasks the execution role `%s`; make the `task_role` another, with only what the application calls", [name, service.task_role]),
		"path": sprintf("service.%s.task_role", [name]),
	}
}
