"""ECS: what calls about services and tasks refuse, repeat, and fill in."""

import copy
import json

from corrections import elb_actions
from corrections.ecs_definitions import definition_error
from ministack.core.responses import error_response_json as error
from ministack.core.responses import json_response
from ministack.services import ecs

_answers = {}  # (operation, cluster, client token) -> (request, service name or task ARNs)


def apply(_engine):
    actions = ecs._ACTION_MAP
    actions["CreateService"] = create_service(actions["CreateService"])
    actions["UpdateService"] = update_service(actions["UpdateService"])
    actions["DescribeServices"] = describe_services(actions["DescribeServices"])
    actions["RunTask"] = run_task(actions["RunTask"])
    for name in ("ListServices", "ListTasks", "DescribeTasks", "DeleteService", "StopTask"):
        actions[name] = with_known_cluster(actions[name])


def cluster_error(data):
    name = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if name is None or name not in ecs._clusters:
        return error("ClusterNotFoundException", "Cluster not found.", 400)
    return None


def with_known_cluster(handler):
    return lambda data: cluster_error(data) or handler(data)


def target_group_error(data):
    for balancer in data.get("loadBalancers") or []:
        arn = balancer.get("targetGroupArn")
        if arn and not elb_actions.users_of(arn):
            return error("InvalidParameterException",
                         f"The target group with targetGroupArn {arn} does not have an associated load balancer.", 400)
    return None


def fill_service(data):
    configuration = data.setdefault("deploymentConfiguration", {})
    for name, value in (("maximumPercent", 200), ("minimumHealthyPercent", 100), ("strategy", "ROLLING"),
                        ("bakeTimeInMinutes", 0)):
        configuration.setdefault(name, value)
    configuration.setdefault("deploymentCircuitBreaker", {"enable": False, "rollback": False})
    network = (data.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network:
        network.setdefault("assignPublicIp", "DISABLED")
        network.setdefault("securityGroups", [])
    if data.get("launchType") == "FARGATE":
        data.setdefault("platformVersion", "LATEST")
        data.setdefault("platformFamily", "Linux")


def repeated(operation, data):
    """What a call with the same client token made, or None; the same token with another request is refused."""
    token = data.get("clientToken")
    known = _answers.get((operation, data.get("cluster", "default"), token)) if token else None
    if known is None:
        return None, None
    request, result = known
    if operation == "CreateService" and ecs._services.get(result, {}).get("status") != "ACTIVE":
        return None, None  # what it made is gone
    if request != data:
        return None, error("ConflictException" if operation == "RunTask" else "InvalidParameterException",
                           "The client token was used before, with other parameters.", 400)
    return result, None


def create_service(handler):
    def create(data):
        request = copy.deepcopy(data)
        key, refused = repeated("CreateService", data)
        if refused:
            return refused
        if key:
            return json_response({"service": ecs._sanitize(ecs._services[key])})
        if problem := cluster_error(data) or definition_error(data.get("taskDefinition")) or target_group_error(data):
            return problem
        key = f"{ecs._resolve_cluster_name(data.get('cluster', 'default'))}/{data.get('serviceName')}"
        if ecs._services.get(key, {}).get("status") == "ACTIVE":
            return error("InvalidParameterException", "Creation of service was not idempotent.", 400)
        fill_service(data)
        answer = handler(data)
        if answer[0] == 200 and data.get("clientToken"):
            _answers["CreateService", data.get("cluster", "default"), data["clientToken"]] = request, key
        return answer

    return create


def update_service(handler):
    """A change of what the tasks are made of starts a new deployment, whichever member it is."""

    def update(data):
        name = str(data.get("service", "")).rpartition("/")[2]
        service = ecs._services.get(f"{ecs._resolve_cluster_name(data.get('cluster', 'default'))}/{name}")
        if problem := cluster_error(data):
            return problem
        if service and service["status"] != "ACTIVE":
            return error("ServiceNotActiveException", "Service was not ACTIVE.", 400)
        if "taskDefinition" in data and (problem := definition_error(data["taskDefinition"])):
            return problem
        if problem := target_group_error(data):
            return problem
        if service:
            if "deploymentConfiguration" in data:
                data["deploymentConfiguration"] = {**service["deploymentConfiguration"], **data["deploymentConfiguration"]}
            if "networkConfiguration" in data:
                fill_service({"networkConfiguration": data["networkConfiguration"]})
            for member in ("networkConfiguration", "loadBalancers", "platformVersion", "serviceRegistries"):
                if member in data and data[member] != service.get(member):
                    data["forceNewDeployment"] = True
            for member in ("propagateTags", "enableECSManagedTags", "serviceRegistries"):
                if member in data:
                    service[member] = data[member]
        answer = handler(data)
        if service:
            # The emulator says so on every change, whether anything drains or not.
            service["events"] = [event for event in service["events"] if "has begun draining" not in event["message"]]
        return answer

    return update


def describe_services(handler):
    def describe(data):
        if problem := cluster_error(data):
            return problem
        if len(data.get("services", [])) > 10:
            return error("InvalidParameterException", "Services must be less than or equal to 10.", 400)
        status, _, body = handler(data)
        payload = json.loads(body)
        for service in payload.get("services", []):
            if "TAGS" not in data.get("include", []):
                service.pop("tags", None)
            for name in [name for name, value in service.items() if value in (None, "")]:
                del service[name]
        return json_response(payload, status)

    return describe


def run_task(handler):
    def run(data):
        request = copy.deepcopy(data)
        arns, refused = repeated("RunTask", data)
        if refused:
            return refused
        if arns:
            return json_response({"tasks": [ecs._sanitize(ecs._tasks[arn]) for arn in arns], "failures": []})
        if problem := cluster_error(data) or definition_error(data.get("taskDefinition")):
            return problem
        answer = handler(data)
        if answer[0] == 200 and data.get("clientToken"):
            arns = [task["taskArn"] for task in json.loads(answer[2])["tasks"]]
            _answers["RunTask", data.get("cluster", "default"), data["clientToken"]] = request, arns
        return answer

    return run
