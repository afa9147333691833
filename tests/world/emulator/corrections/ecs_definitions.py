"""ECS: task definitions as AWS checks, completes and lists them."""

import json

from ministack.core.responses import error_response_json as error
from ministack.core.responses import json_response
from ministack.services import ecs

FARGATE_MEMORY = {  # CPU units -> (least MiB, most MiB, step)
    256: (512, 2048, 512), 512: (1024, 4096, 1024), 1024: (2048, 8192, 1024), 2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024), 8192: (16384, 61440, 4096), 16384: (32768, 122880, 8192),
}


def apply(_engine):
    actions = ecs._ACTION_MAP
    ecs._resolve_td_key = resolve_definition(ecs._resolve_td_key)
    actions["RegisterTaskDefinition"] = register(actions["RegisterTaskDefinition"])
    actions["DescribeTaskDefinition"] = describe_task_definition(actions["DescribeTaskDefinition"])
    actions["DeregisterTaskDefinition"] = without_blanks(actions["DeregisterTaskDefinition"], "taskDefinition")
    actions["ListTaskDefinitions"] = list_task_definitions(actions["ListTaskDefinitions"])


def resolve_definition(resolve):
    """A family alone means its latest active revision."""

    def resolved(reference):
        if reference and "/" not in reference and ":" not in reference:
            revisions = [td["revision"] for td in ecs._task_defs.values()
                         if td["family"] == reference and td["status"] == "ACTIVE"]
            if revisions:
                return f"{reference}:{max(revisions)}"
        return resolve(reference)

    return resolved


def without_blanks(handler, key):
    """AWS leaves a member out where the emulator says null or an empty string."""

    def cleaned(data):
        status, headers, body = handler(data)
        payload = json.loads(body)
        if status == 200:
            payload[key] = {name: value for name, value in payload[key].items() if value not in (None, "")}
        return json_response(payload, status)

    return cleaned


def register(handler):
    def checked(data):
        if "FARGATE" in data.get("requiresCompatibilities", []) and not fits_fargate(data):
            return error("ClientException", "No Fargate configuration exists for given values: "
                         f"{data.get('cpu', 0)} CPU, {data.get('memory', 0)} memory. See the Amazon ECS documentation "
                         "for the valid values.", 400)
        for container in data.get("containerDefinitions", []):
            if "name" in container:
                fill_container(container)
        return without_blanks(handler, "taskDefinition")(data)

    return checked


def fits_fargate(data):
    try:
        cpu, memory = int(data.get("cpu", 0)), int(data.get("memory", 0))
    except ValueError:
        return False
    least, most, step = FARGATE_MEMORY.get(cpu, (1, 0, 1))
    return least <= memory <= most and memory % step == 0


def fill_container(container):
    """The members that AWS adds to a container definition before it answers with it."""
    for name in ("environment", "mountPoints", "portMappings", "systemControls", "volumesFrom"):
        container.setdefault(name, [])
    for port in container["portMappings"]:
        port.setdefault("hostPort", port.get("containerPort"))
        port.setdefault("protocol", "tcp")
    if container.get("healthCheck"):
        for name, value in (("interval", 30), ("timeout", 5), ("retries", 3)):
            container["healthCheck"].setdefault(name, value)


def describe_task_definition(handler):
    def describe(data):
        status, headers, body = without_blanks(handler, "taskDefinition")(data)
        payload = json.loads(body)
        if status == 200 and "TAGS" not in data.get("include", []):
            payload.pop("tags", None)
        return json_response(payload, status)

    return describe


def list_task_definitions(handler):
    """familyPrefix is the whole name of the family; the order is by family and revision."""

    def listed(data):
        family = data.get("familyPrefix")
        wanted = [td for td in ecs._task_defs.values()
                  if td["status"] == data.get("status", "ACTIVE") and (not family or td["family"] == family)]
        wanted.sort(key=lambda td: (td["family"], td["revision"]), reverse=data.get("sort") == "DESC")
        start, size = int(data.get("nextToken") or 0), int(data.get("maxResults") or 100)
        answer = {"taskDefinitionArns": [td["taskDefinitionArn"] for td in wanted[start:start + size]]}
        if start + size < len(wanted):
            answer["nextToken"] = str(start + size)
        return json_response(answer)

    del handler
    return listed


def definition_error(reference):
    definition = ecs._task_defs.get(ecs._resolve_td_key(reference)) if reference else None
    if definition is None:
        return error("ClientException", "TaskDefinition not found.", 400)
    if definition["status"] != "ACTIVE":
        return error("ClientException", "TaskDefinition is inactive", 400)
    return None
