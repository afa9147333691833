"""Application Auto Scaling for ECS services, which the emulator does not have.

It keeps what is registered, refuses what AWS refuses, and makes the alarms of target tracking. It
scales by itself only when an alarm's action or a schedule is played: nothing here has a clock.
"""

import json
import re
import time
import uuid

from ministack import app
from ministack.core import router
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, ecs

TARGET = "AnyScaleFrontendService."
NAMESPACE, DIMENSION = "ecs", "ecs:service:DesiredCount"
METRICS = {"ECSServiceAverageCPUUtilization": "CPUUtilization", "ECSServiceAverageMemoryUtilization": "MemoryUtilization"}
MAX_TAGS = 50


class Refused(Exception):
    def __init__(self, code, message, **members):
        super().__init__(message)
        self.body = {"__type": code, "Message": message, "message": message, **members}


class Account:
    """What is registered in one account and region."""

    def __init__(self):
        self.targets, self.policies, self.actions, self.tags = {}, {}, {}, {}


_accounts = {}


def account():
    return _accounts.setdefault((get_account_id(), get_region()), Account())


async def handle(_method, _path, headers, body, _query):
    operation = headers.get("x-amz-target", "").removeprefix(TARGET)
    try:
        call = OPERATIONS.get(operation)
        if not call:
            raise Refused("UnknownOperationException", f"Unknown operation {operation}")
        answer, status = call(json.loads(body or b"{}")), 200
    except Refused as refused:
        answer, status = refused.body, 400
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()


def arn(service, resource):
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def validate(condition, message):
    if not condition:
        raise Refused("ValidationException", message)


def place(request):
    """The target that a request is about."""
    validate(request.get("ServiceNamespace") == NAMESPACE, f"Unsupported service namespace: {request.get('ServiceNamespace')}")
    resource = request.get("ResourceId", "")
    validate(re.fullmatch(r"service/[^/]+/[^/]+", resource), f"Unsupported resource type, resource id: {resource}")
    validate(request.get("ScalableDimension") == DIMENSION, "Unsupported service namespace, resource type or scalable dimension")
    return resource


def service_of(resource):
    _, cluster, name = resource.split("/")
    service = ecs._services.get(f"{cluster}/{name}")
    return service if service and service.get("status") == "ACTIVE" else None


def registered(resource):
    if resource not in account().targets:
        raise Refused("ObjectNotFoundException",
                      f"No scalable target found for service namespace: {NAMESPACE}, resource ID: {resource}, "
                      f"scalable dimension: {DIMENSION}")
    return account().targets[resource]


def register_target(request):
    resource, known = place(request), account().targets
    old = known.get(resource)
    validate(service_of(resource), f"ECS service doesn't exist: {resource}")
    if not old:
        validate("MinCapacity" in request and "MaxCapacity" in request,
                 "MinCapacity and MaxCapacity cannot be null when registering a new scalable target")
    least = request.get("MinCapacity", (old or {}).get("MinCapacity"))
    most = request.get("MaxCapacity", (old or {}).get("MaxCapacity"))
    validate(least >= 0 and most >= 0, "Capacity must be 0 or more")
    validate(most >= least, "Maximum capacity cannot be less than minimum capacity")
    validate(not old or not request.get("Tags"), "The scalable target that you tried to tag already exists. "
             "To update tags on an existing scalable target, use the TagResource API.")
    suspended = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}
    if old:
        suspended.update(old["SuspendedState"])
    suspended.update(request.get("SuspendedState") or {})
    target = {
        "ServiceNamespace": NAMESPACE, "ResourceId": resource, "ScalableDimension": DIMENSION,
        "MinCapacity": least, "MaxCapacity": most,
        "RoleARN": f"arn:aws:iam::{get_account_id()}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
                   "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "CreationTime": old["CreationTime"] if old else time.time(),
        "SuspendedState": suspended,
        "ScalableTargetARN": old["ScalableTargetARN"] if old else
            arn("application-autoscaling", f"scalable-target/0ec5{uuid.uuid4().hex[:28]}"),
    }
    known[resource] = target
    if not old:
        account().tags[target["ScalableTargetARN"]] = dict(request.get("Tags") or {})
    within_bounds(target)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def within_bounds(target):
    """A service that has fewer tasks than the least, or more than the most, is brought there."""
    service = service_of(target["ResourceId"])
    wanted = min(max(service["desiredCount"], target["MinCapacity"]), target["MaxCapacity"])
    if wanted != service["desiredCount"]:
        _, cluster, name = target["ResourceId"].split("/")
        ecs._ACTION_MAP["UpdateService"]({"cluster": cluster, "service": name, "desiredCount": wanted})


def deregister_target(request):
    resource = place(request)
    target = registered(resource)
    for key in [key for key in account().policies if key[0] == resource]:
        forget_policy(key)
    for key in [key for key in account().actions if key[0] == resource]:
        del account().actions[key]
    del account().targets[resource]
    account().tags.pop(target["ScalableTargetARN"], None)
    return {}


def put_policy(request):
    resource = place(request)
    registered(resource)
    name, kind = request.get("PolicyName", ""), request.get("PolicyType", "StepScaling")
    validate(1 <= len(name) <= 256, "Policy name must have 1 to 256 characters")
    key = resource, name
    old = account().policies.get(key)
    validate(not old or old["PolicyType"] == kind, "The policy type of a policy cannot be changed")
    identifier = str(uuid.uuid4())
    policy = {
        "PolicyARN": old["PolicyARN"] if old else
            arn("autoscaling", f"scalingPolicy:{identifier}:resource/ecs/{resource}:policyName/{name}"),
        "PolicyName": name, "PolicyType": kind, "ServiceNamespace": NAMESPACE, "ResourceId": resource,
        "ScalableDimension": DIMENSION, "CreationTime": old["CreationTime"] if old else time.time(),
        "Alarms": old["Alarms"] if old else [],
    }
    if kind == "TargetTrackingScaling":
        configuration = request.get("TargetTrackingScalingPolicyConfiguration")
        validate(configuration and "TargetValue" in configuration, "A target tracking policy needs its configuration")
        metric = (configuration.get("PredefinedMetricSpecification") or {}).get("PredefinedMetricType")
        validate(metric in METRICS or "CustomizedMetricSpecification" in configuration, f"Unsupported metric: {metric}")
        policy["TargetTrackingScalingPolicyConfiguration"] = configuration
        policy["Alarms"] = tracking_alarms(policy, metric, configuration)
    else:
        validate(kind == "StepScaling", f"Unsupported policy type: {kind}")
        configuration = request.get("StepScalingPolicyConfiguration")
        validate(configuration and configuration.get("StepAdjustments"), "At least one step adjustment must be specified")
        validate(configuration.get("AdjustmentType") in ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"),
                 "Adjustment type must be specified")
        policy["StepScalingPolicyConfiguration"] = configuration
    account().policies[key] = policy
    return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}


def tracking_alarms(policy, metric, configuration):
    """Two alarms of AWS's own: one above the value, one a good deal below it."""
    _, cluster, service = policy["ResourceId"].split("/")
    made = {alarm["AlarmName"].split("-Alarm")[1].split("-")[0]: alarm["AlarmName"] for alarm in policy["Alarms"]}
    alarms, value = [], configuration["TargetValue"]
    sides = [("High", "GreaterThanThreshold", value, 3)]
    if not configuration.get("DisableScaleIn"):
        sides.append(("Low", "LessThanThreshold", value * 0.9, 15))
    for side, operator, threshold, periods in sides:
        name = made.get(side) or f"TargetTracking-{policy['ResourceId']}-Alarm{side}-{uuid.uuid4()}"
        cloudwatch._put_metric_alarm({}, {
            "AlarmName": name, "Namespace": "AWS/ECS", "MetricName": METRICS.get(metric, "CPUUtilization"),
            "Dimensions": [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}],
            "Statistic": "Average", "Period": 60, "EvaluationPeriods": periods, "Threshold": threshold,
            "ComparisonOperator": operator, "AlarmActions": [policy["PolicyARN"]],
            "AlarmDescription": "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy " + policy["PolicyARN"] + ".",
        }, False, True)
        alarms.append({"AlarmName": name, "AlarmARN": arn("cloudwatch", f"alarm:{name}")})
    for side in set(made) - {side for side, *_ in sides}:
        cloudwatch._alarms.pop(made[side], None)
    return alarms


def forget_policy(key):
    policy = account().policies.pop(key)
    # The alarms of target tracking are AWS's own; those of a step policy are the user's.
    for alarm in policy["Alarms"] if policy["PolicyType"] == "TargetTrackingScaling" else []:
        cloudwatch._alarms.pop(alarm["AlarmName"], None)


def delete_policy(request):
    key = place(request), request.get("PolicyName")
    if key not in account().policies:
        raise Refused("ObjectNotFoundException", f"No scaling policy found for resource ID: {key[0]}, policy name: {key[1]}")
    forget_policy(key)
    return {}


def put_action(request):
    resource = place(request)
    registered(resource)
    name = request.get("ScheduledActionName", "")
    key = resource, name
    old = account().actions.get(key)
    schedule = request.get("Schedule") or (old or {}).get("Schedule", "")
    validate(re.fullmatch(r"cron\(\S+( \S+){5}\)|rate\(.+\)|at\(.+\)", schedule), f"Invalid schedule: {schedule}")
    if schedule.startswith("cron("):
        fields = schedule[5:-1].split(" ")
        validate((fields[2] == "?") != (fields[4] == "?"), "Exactly one of day-of-month and day-of-week must be ?")
    bounds = request.get("ScalableTargetAction") or (old or {}).get("ScalableTargetAction") or {}
    validate("MinCapacity" in bounds or "MaxCapacity" in bounds, "At least one of min capacity and max capacity must be specified")
    validate(bounds.get("MinCapacity", 0) <= bounds.get("MaxCapacity", 1 << 30),
             "Maximum capacity cannot be less than minimum capacity")
    action = {
        "ScheduledActionName": name, "ServiceNamespace": NAMESPACE, "ResourceId": resource, "ScalableDimension": DIMENSION,
        "ScheduledActionARN": old["ScheduledActionARN"] if old else
            arn("autoscaling", f"scheduledAction:{uuid.uuid4()}:resource/ecs/{resource}:scheduledActionName/{name}"),
        "Schedule": schedule, "ScalableTargetAction": bounds,
        "Timezone": request.get("Timezone") or (old or {}).get("Timezone", "UTC"),
        "CreationTime": old["CreationTime"] if old else time.time(),
    }
    # Start and end that are not said are deleted.
    action.update({member: request[member] for member in ("StartTime", "EndTime") if member in request})
    account().actions[key] = action
    return {}


def delete_action(request):
    key = place(request), request.get("ScheduledActionName")
    if key not in account().actions:
        raise Refused("ObjectNotFoundException", f"No scheduled action found for resource ID: {key[0]}, name: {key[1]}")
    del account().actions[key]
    return {}


def listed(objects, answer, names, name):
    def describe(request):
        wanted = request.get(names)
        resource = request.get("ResourceId")
        found = [each for each in getattr(account(), objects).values()
                 if (not wanted or each[name] in wanted) and (not resource or each["ResourceId"] == resource)]
        size, start = request.get("MaxResults", 50), int(request.get("NextToken") or 0)
        page = {answer: found[start:start + size]}
        if start + size < len(found):
            page["NextToken"] = str(start + size)
        return page

    return describe


def tagged(request):
    name = request.get("ResourceARN", "")
    if name not in account().tags:
        raise Refused("ResourceNotFoundException", f"The resource doesn't exist: {name}", ResourceName=name)
    return account().tags[name]


def tag(request):
    tags = tagged(request)
    validate(len({**tags, **request["Tags"]}) <= MAX_TAGS, "Too many tags")
    tags.update(request["Tags"])
    return {}


def untag(request):
    tags = tagged(request)
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return {}


OPERATIONS = {
    "RegisterScalableTarget": register_target,
    "DeregisterScalableTarget": deregister_target,
    "DescribeScalableTargets": listed("targets", "ScalableTargets", "ResourceIds", "ResourceId"),
    "PutScalingPolicy": put_policy,
    "DeleteScalingPolicy": delete_policy,
    "DescribeScalingPolicies": listed("policies", "ScalingPolicies", "PolicyNames", "PolicyName"),
    "PutScheduledAction": put_action,
    "DeleteScheduledAction": delete_action,
    "DescribeScheduledActions": listed("actions", "ScheduledActions", "ScheduledActionNames", "ScheduledActionName"),
    "DescribeScalingActivities": lambda _request: {"ScalingActivities": []},
    "ListTagsForResource": lambda request: {"Tags": tagged(request)},
    "TagResource": tag,
    "UntagResource": untag,
}


def serve():
    """Requests of this service are answered here."""
    router.SERVICE_PATTERNS["application-autoscaling"] = {"target_prefixes": [TARGET]}
    app.SERVICE_HANDLERS["application-autoscaling"] = handle
