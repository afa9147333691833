# Why: the execution role may read every secret of the task and pull its image; the application
# gets a role of its own, or whoever breaks into it has both.
package separate_roles

deny contains finding if {
	some kind in ["service", "scheduled_task"]
	some name, task in input.environment[kind]
	task.task_role == task.execution_role
	finding := {
		"msg": sprintf("%s `%s` gives its tasks the execution role `%s`; make the `task_role` another, with only what the application calls", [replace(kind, "_", " "), name, task.task_role]),
		"path": sprintf("%s.%s.task_role", [kind, name]),
	}
}
