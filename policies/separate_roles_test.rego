package separate_roles_test

import data.separate_roles

denied(service) if {
	found := separate_roles.deny with input as {"environment": {"service": {"web": service}}}
	{finding.path | some finding in found} == {"service.web.task_role"}
}

execution := "arn:aws:iam::111111111111:role/execution"

test_two_roles_are_allowed if {
	not denied({"execution_role": execution, "task_role": "arn:aws:iam::111111111111:role/web"})
}

test_no_task_role_is_allowed if not denied({"execution_role": execution})

test_one_for_both_is_denied if denied({"execution_role": execution, "task_role": execution})

test_scheduled_tasks_are_no_exception if {
	task := {"execution_role": execution, "task_role": execution}
	found := separate_roles.deny with input as {"environment": {"scheduled_task": {"report": task}}}
	{finding.path | some finding in found} == {"scheduled_task.report.task_role"}
}
