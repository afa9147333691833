use super::on_the_road;

#[test]
fn a_service_behind_a_weighted_rule_lives_its_whole_life() {
    let said = on_the_road(
        r#"
print(code_of(ecs.create_service, **service_of(define("example/app:1"))))  # no rule leads to its group yet
add_rule()
first = ecs.create_service(**service_of(define("example/app:1")))["service"]
print(first["deployments"][0]["rolloutState"], first["runningCount"])
until(lambda: primary()["rolloutState"] == "COMPLETED")
print(shown()["runningCount"], health(blue), health(green))

second = define("example/app:2")
ecs.update_service(cluster="webUIcluster2", service="webui", taskDefinition=second)
print(len(shown()["deployments"]), primary()["rolloutState"])
until(lambda: primary()["rolloutState"] == "COMPLETED" and len(shown()["deployments"]) == 1)
until(lambda: len(health(blue)) == 2)
tasks = ecs.list_tasks(cluster="webUIcluster2", serviceName="webui")["taskArns"]
print({task["taskDefinitionArn"] == second for task in ecs.describe_tasks(cluster="webUIcluster2", tasks=tasks)["tasks"]})
print(any("has reached a steady state" in event["message"] for event in shown()["events"]))

print(code_of(ecs.delete_service, cluster="webUIcluster2", service="webui"))
ecs.update_service(cluster="webUIcluster2", service="webui", desiredCount=0)
print(code_of(ecs.delete_service, cluster="webUIcluster2", service="webui"), shown()["status"])
until(lambda: health(blue) == [])
print(code_of(ecs.update_service, cluster="webUIcluster2", service="webui", desiredCount=1))
"#,
    );
    assert_eq!(
        said,
        [
            "InvalidParameterException",
            "IN_PROGRESS 0",
            "2 ['healthy', 'healthy'] []",
            "2 IN_PROGRESS",
            "{True}",
            "True",
            "InvalidParameterException",
            "OK INACTIVE",
            "ServiceNotActiveException"
        ]
    );
}

#[test]
fn bad_revisions_trip_the_circuit_breaker_and_are_rolled_back() {
    let said = on_the_road(
        r#"
add_rule()
good = define("example/app:1")
ecs.create_service(**service_of(good))
until(lambda: primary()["rolloutState"] == "COMPLETED")
for image in ("example/does-not-exist:1", "example/does-not-start:1", "example/never-healthy:1"):
    bad = define(image)
    ecs.update_service(cluster="webUIcluster2", service="webui", taskDefinition=bad)
    failed = until(lambda: [d for d in shown()["deployments"] if d["taskDefinition"] == bad and d["rolloutState"] == "FAILED"])
    until(lambda: primary()["taskDefinition"] == good and primary()["rolloutState"] == "COMPLETED")
    print(failed[0]["rolloutStateReason"])
    print(health(blue)[:2], shown()["runningCount"])
"#,
    );
    let steady = "['healthy', 'healthy'] 2";
    let start = "ECS deployment circuit breaker: tasks failed to start.";
    let unhealthy = "ECS deployment circuit breaker: tasks failed ELB health checks.";
    let reasons: Vec<&str> = said.iter().step_by(2).map(String::as_str).collect();
    assert_eq!(reasons, [start, start, unhealthy]);
    assert!(said.iter().skip(1).step_by(2).all(|line| {
        // Draining targets of the failed revision may still be listed.
        line == steady || line.starts_with("['draining'")
    }));
}

#[test]
fn client_tokens_make_calls_repeatable() {
    let said = on_the_road(
        r#"
add_rule()
wanted = service_of(define("example/app:1"))
print(ecs.create_service(**wanted)["service"]["serviceArn"] == ecs.create_service(**wanted)["service"]["serviceArn"])
print(code_of(ecs.create_service, **{**wanted, "clientToken": "two"}))
print(code_of(ecs.create_service, **{**wanted, "desiredCount": 9}))
run = dict(cluster="webUIcluster2", taskDefinition="webui", clientToken="run", launchType="FARGATE",
           networkConfiguration=wanted["networkConfiguration"])
print(ecs.run_task(**run)["tasks"][0]["taskArn"] == ecs.run_task(**run)["tasks"][0]["taskArn"])
"#,
    );
    assert_eq!(said, ["True", "InvalidParameterException", "InvalidParameterException", "True"]);
}

#[test]
fn a_task_runs_its_command_and_its_exit_code_is_told() {
    let said = on_the_road(
        r#"
arn = ecs.register_task_definition(
    family="migrate", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
    containerDefinitions=[{"name": "migrate", "image": "example/runs-its-command:1",
                           "command": ["sh", "-c", "exit 3"]}])["taskDefinition"]["taskDefinitionArn"]
task = ecs.run_task(cluster="webUIcluster2", taskDefinition=arn, launchType="FARGATE", networkConfiguration={
    "awsvpcConfiguration": {"subnets": subnets}})["tasks"][0]["taskArn"]
seen = lambda: ecs.describe_tasks(cluster="webUIcluster2", tasks=[task])["tasks"][0]
until(lambda: seen()["lastStatus"] == "STOPPED")
print(seen()["stopCode"], seen()["containers"][0]["exitCode"])
"#,
    );
    assert_eq!(said, ["EssentialContainerExited 3"]);
}

#[test]
fn definitions_are_checked_filled_in_and_tagged() {
    let said = on_the_road(
        r#"
made = ecs.register_task_definition(
    family="web", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="1024", memory="2048",
    containerDefinitions=[{"name": "web", "image": "i", "portMappings": [{"containerPort": 80}]}],
    tags=[{"key": "pointsman:token", "value": "a&b"}])["taskDefinition"]
print(made["containerDefinitions"][0]["portMappings"], sorted(made)[:2], "pidMode" in made)
print("tags" in ecs.describe_task_definition(taskDefinition="web"))
print(ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])["tags"])
ecs.deregister_task_definition(taskDefinition=made["taskDefinitionArn"])
print(ecs.list_task_definitions(familyPrefix="web")["taskDefinitionArns"], code_of(
    ecs.run_task, cluster="webUIcluster2", taskDefinition=made["taskDefinitionArn"]))
print(code_of(ecs.register_task_definition, family="web", requiresCompatibilities=["FARGATE"], networkMode="awsvpc",
              cpu="256", memory="8192", containerDefinitions=[{"name": "web", "image": "i"}]))
"#,
    );
    assert_eq!(
        said,
        [
            "[{'containerPort': 80, 'hostPort': 80, 'protocol': 'tcp'}] ['compatibilities', 'containerDefinitions'] False",
            "False",
            "[{'key': 'pointsman:token', 'value': 'a&b'}]",
            "[] ClientException",
            "ClientException"
        ]
    );
}
