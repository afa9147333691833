"""ECS: the life of a service's deployments, with tasks that are processes of this machine."""

import json
import logging
import threading
import time

from corrections import ecs_groups, settings, target_health
from ministack.core.responses import json_response, request_scope
from ministack.services import ecs

# How long a task must have run before it counts as steady.
STEADY_SECONDS = 0.3
# How often a rollout is looked at.
LOOK_SECONDS = 0.05

_leaving = {}  # task ARN -> its last status, while its processes still live


def apply(engine):
    ecs._docker = engine
    ecs._ECS_DEPLOYMENT_STEADY_DELAY = STEADY_SECONDS
    ecs._build_run_kwargs = run_options(ecs._build_run_kwargs)
    ecs._make_deployment = in_progress(ecs._make_deployment)
    ecs._record_service_task_healthy = steady_when_healthy(ecs._record_service_task_healthy)
    ecs._complete_service_deployment = with_event(ecs._complete_service_deployment)
    ecs._run_task = told(ecs._run_task)
    ecs._remove_docker_container = when_drained(ecs._remove_docker_container)
    ecs._ACTION_MAP["DescribeTasks"] = with_leaving(ecs._ACTION_MAP["DescribeTasks"])
    threading.Thread(target=watch_for_ever, name="rollouts", daemon=True).start()


def run_options(build):
    """Tells the engine the port, and leaves out the platform, for which the emulator would wait."""

    def options(definition, *arguments, **named):
        built = build(definition, *arguments, **named)
        built.pop("platform", None)
        ports = definition.get("portMappings") or []
        if ports:
            built["labels"]["pointsman.port"] = str(ports[0].get("containerPort", 8080))
        if definition.get("entryPoint"):
            built["command"] = definition["entryPoint"] + (built.get("command") or [])
        return built

    return options


class Deployment(dict):
    """A deployment whose state is explained in AWS's words, from the moment it is set."""

    def __setitem__(self, name, value):
        if name == "rolloutStateReason":
            value = self.in_words()
        super().__setitem__(name, value)

    def in_words(self):
        if self["rolloutState"] == "FAILED":
            ended = "failed ELB health checks" if self.get("_unhealthy") else "failed to start"
            return f"ECS deployment circuit breaker: tasks {ended}."
        state = "completed" if self["rolloutState"] == "COMPLETED" else "in progress"
        return f"ECS deployment {self['id']} {state}."


def in_progress(make):
    """A deployment is complete when its tasks are steady, the first one of a service included."""

    def deployment(*arguments, **options):
        made = Deployment(make(*arguments, **options))
        made["rolloutState"] = "IN_PROGRESS"
        made["rolloutStateReason"] = ""
        return made

    return deployment


def targets_of(service, task):
    """(target group ARN, address, port) of the task in each of the service's target groups."""
    address = ecs._task_ip(task)
    return [(group, address, port) for group, port in ecs_groups.groups_of(service, task)] if address else []


def steady_when_healthy(record):
    """Behind a load balancer, a task is steady when its targets are healthy."""

    def recorded(service_key, task):
        service = ecs._services.get(service_key)
        if service and all(target_health.is_healthy(*target) for target in targets_of(service, task)):
            record(service_key, task)

    return recorded


def service_of(task):
    cluster, group = ecs._cluster_name_from_arn(task.get("clusterArn", "")), task.get("group", "")
    return ecs._services.get(f"{cluster}/{group.partition(':')[2]}") if group.startswith("service:") else None


def event(service, message):
    service["events"].insert(0, {"id": ecs.new_uuid(), "createdAt": ecs._iso(),
                                 "message": f"(service {service['serviceName']}) {message}"})


def with_event(complete):
    def completed(cluster, service_key, *arguments, **options):
        service = ecs._services.get(service_key)
        before = ecs._primary_deployment(service) if service else None
        rolling = before is not None and before["rolloutState"] == "IN_PROGRESS"
        complete(cluster, service_key, *arguments, **options)
        if rolling and before["rolloutState"] == "COMPLETED":
            event(service, f"(deployment {before['id']}) deployment completed.")
            event(service, "has reached a steady state.")

    return completed


def told(run):
    def started(data):
        answer = run(data)
        name = str(data.get("group", "")).partition("service:")[2]
        service = ecs._services.get(f"{data.get('cluster')}/{name}") if name else None
        if service and answer[0] == 200:
            names = [f"(task {task['taskArn'].rpartition('/')[2]})" for task in json.loads(answer[2])["tasks"]]
            event(service, f"has started {len(names)} tasks: {' '.join(names)}.")
        return answer

    return started


def when_drained(remove):
    """ECS ends a task's processes when its targets have drained. Whoever stopped it does not wait for that."""

    def removed(client, container):
        if not client:
            # A look found the end of a task that nobody stopped: there is nothing to remove.
            remove(client, container)
            return
        if isinstance(container, str):
            container = next((known for known in client.containers.list() if known.id == container), None)
        task = container.labels.get("com.amazonaws.ecs.task-arn") if container else None

        def end():
            _leaving[task] = "STOPPING"
            remove(client, container)
            _leaving.pop(task, None)

        address = getattr(container, "address", None)
        if not address or not target_health.drains_for(address):
            end()
            return
        _leaving[task] = "DEACTIVATING"

        def wait():
            while seconds := target_health.drains_for(address):
                time.sleep(seconds)
            end()

        threading.Thread(target=wait, name="draining-task", daemon=True).start()

    return removed


def with_leaving(describe):
    """Its service counts a task no more that is to stop; the task itself says so for as long as its processes live."""

    def described(data):
        answer = describe(data)
        said = json.loads(answer[2]) if answer[0] == 200 else {"tasks": []}
        leaving = [task for task in said["tasks"] if task["taskArn"] in _leaving]
        for task in leaving:
            task["lastStatus"] = _leaving.get(task["taskArn"], "STOPPING")
            for member in ("stoppedAt", "executionStoppedAt"):
                task.pop(member, None)
            for container in task["containers"]:
                container["lastStatus"] = "RUNNING"
                container.pop("exitCode", None)
        return json_response(said) if leaving else answer

    return described


def watch_for_ever():
    while True:
        time.sleep(LOOK_SECONDS)
        for (account, region, key), service in ecs._services.all_items():
            if service["status"] != "ACTIVE":
                continue
            with request_scope(account, region):
                try:
                    look(key, service)
                except Exception:
                    logging.getLogger("rollouts").exception("looking at %s", key)


def look(key, service):
    """Counts tasks whose targets have become healthy, replaces those whose targets are unhealthy."""
    cluster = key.partition("/")[0]
    for task in list(ecs._tasks.values()):
        if task["lastStatus"] != "RUNNING" or service_of(task) is not service:
            continue
        started = task.setdefault("_seen_running_at", time.monotonic())
        targets = targets_of(service, task)
        age = time.monotonic() - started
        if not task.get("_startup_stable") and age > STEADY_SECONDS:
            ecs._record_service_task_healthy(key, task)
        unhealthy = next((target for target in targets if target_health.is_unhealthy(*target)), None)
        if unhealthy and age > settings.GRACE_SECONDS:
            replace(service, task, unhealthy)
    primary = ecs._primary_deployment(service)
    if primary and primary["rolloutState"] == "IN_PROGRESS":
        ecs._complete_service_deployment(cluster, key)


def replace(service, task, target):
    group, _, port = target
    event(service, f"(port {port}) is unhealthy in (target-group {group}) due to (reason Health checks failed).")
    if ecs._mark_task_stopped(task["taskArn"], task, f"Task failed ELB health checks in (target-group {group})",
                              "ServiceSchedulerInitiated"):
        ecs._cleanup_task_resources(task, ecs._docker)
        if deployment := ecs._deployment_for_task(service, task):
            deployment["_unhealthy"] = True
        ecs._record_service_task_failure(task)
