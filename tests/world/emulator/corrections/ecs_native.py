"""ECS: releases that it carries out itself, BLUE_GREEN, CANARY and LINEAR, stage by stage, and the way back."""

import json
import logging
import threading
import time

from corrections import settings
from corrections.ecs_groups import advanced, group_of, live_group, other_group
from corrections.ecs_rollout import LOOK_SECONDS, event
from ministack.core.responses import error_response_json as error
from ministack.core.responses import json_response, request_scope
from ministack.services import alb, cloudwatch, ecs

OPEN = ("PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOP_REQUESTED")
BREAKER = "Service deployment rolled back because the circuit breaker threshold was exceeded."
ALARM = "Service deployment rolled back because one or more CloudWatch alarms were in the ALARM state."
STOPPED = "Service deployment rolled back because it was stopped by a user."


def apply(_engine):
    actions = ecs._ACTION_MAP
    actions["CreateService"] = released(actions["CreateService"])
    actions["UpdateService"] = released(actions["UpdateService"])
    actions["ListServiceDeployments"] = list_deployments
    actions["DescribeServiceDeployments"] = describe_deployments
    actions["StopServiceDeployment"] = stop_deployment
    ecs._complete_service_deployment = at_the_end(ecs._complete_service_deployment)
    threading.Thread(target=watch_for_ever, name="native-releases", daemon=True).start()


def service_of(data):
    name = str(data.get("service") or data.get("serviceName", "")).rpartition("/")[2]
    return ecs._services.get(f"{ecs._resolve_cluster_name(data.get('cluster', 'default'))}/{name}")


def refused(data, service):
    """What AWS asks of the load balancer's block before it takes the strategy."""
    wanted = {**(service or {}), **{key: value for key, value in data.items() if key in ("loadBalancers",)}}
    wanted["deploymentConfiguration"] = {**((service or {}).get("deploymentConfiguration") or {}),
                                         **(data.get("deploymentConfiguration") or {})}
    if wanted["deploymentConfiguration"].get("strategy", "ROLLING") == "ROLLING":
        return None
    balancer, configuration = advanced(wanted)
    if balancer is None:
        return None
    rule = alb._rules.get(configuration.get("productionListenerRule"))
    if rule is None or not configuration.get("roleArn"):
        return error("InvalidParameterException", "A production listener rule and a role are needed to shift traffic.", 400)
    named = {group["TargetGroupArn"] for action in rule["Actions"] for group in action["ForwardConfig"]["TargetGroups"]}
    for group in (balancer["targetGroupArn"], configuration["alternateTargetGroupArn"]):
        if group not in named:
            return error("InvalidParameterException", f"The target group {group} is not associated with the listener rule.", 400)
    return None


def released(handler):
    """A call that brings new tasks begins a service deployment."""

    def call(data):
        service = service_of(data)
        if problem := refused(data, service):
            return problem
        before = ecs._primary_deployment(service)["id"] if service and service["status"] == "ACTIVE" else None
        answer = handler(data)
        service = service_of(data)
        if answer[0] != 200 or not service or advanced(service)[0] is None:
            return answer
        primary = ecs._primary_deployment(service)
        if primary["id"] != before:
            begin(service, primary, is_first=before is None)
        return answer

    return call


def begin(service, deployment, is_first):
    for superseded in releases(service):
        if superseded["status"] in OPEN:
            shift(service, 0)
            superseded.update(status="STOPPED", statusReason="A newer service deployment was started.", finishedAt=time.time())
    if not is_first:
        deployment["_group"] = other_group(service)
    arn = service["serviceArn"].replace(":service/", ":service-deployment/")
    service.setdefault("_releases", []).insert(0, {
        "serviceDeploymentArn": f"{arn}/{deployment['id'].rpartition('/')[2]}",
        "serviceArn": service["serviceArn"], "clusterArn": service["clusterArn"],
        "createdAt": time.time(), "startedAt": time.time(), "status": "IN_PROGRESS", "lifecycleStage": "SCALE_UP",
        "_deployment": deployment, "_is_first": is_first, "_percent": 0, "_until": 0.0,
    })


def releases(service):
    return service.get("_releases", [])


def under_way(service):
    return next((release for release in releases(service) if release["status"] in OPEN), None)


def at_the_end(complete):
    """The tasks before stay until the release is at its last stage, or goes back."""

    def completed(cluster, key, *arguments, **options):
        service = ecs._services.get(key)
        release = under_way(service) if service else None
        keeps = release and not release["_is_first"] and release["lifecycleStage"] != "CLEAN_UP"
        if keeps and ecs._primary_deployment(service) is release["_deployment"]:
            return
        complete(cluster, key, *arguments, **options)

    return completed


def watch_for_ever():
    while True:
        time.sleep(LOOK_SECONDS)
        for (account, region, key), service in ecs._services.all_items():
            release = under_way(service)
            if release is None or service["status"] != "ACTIVE":
                continue
            with request_scope(account, region):
                try:
                    look(key, service, release)
                except Exception:
                    logging.getLogger("native").exception("looking at %s", key)


def look(key, service, release):
    primary = ecs._primary_deployment(service)
    if primary is not release["_deployment"]:
        going_back(service, release, primary)
    elif reason := release.get("_stop") or (ALARM if rings(service) else None):
        go_back(key, service, release, reason)
    else:
        advance(key, service, release)


def advance(key, service, release):
    if time.monotonic() < release["_until"]:
        return
    stage, deployment = release["lifecycleStage"], release["_deployment"]
    if stage == "SCALE_UP":
        if release["_is_first"] or is_up(service, deployment):
            release["lifecycleStage"] = "CLEAN_UP" if release["_is_first"] else "PRODUCTION_TRAFFIC_SHIFT"
    elif stage == "PRODUCTION_TRAFFIC_SHIFT":
        release["_percent"], minutes = next_step(service, release["_percent"])
        shift(service, release["_percent"])
        release["_until"] = time.monotonic() + minutes * settings.MINUTE_SECONDS
        if release["_percent"] == 100:
            release["lifecycleStage"] = "BAKE_TIME"
            bake = service["deploymentConfiguration"].get("bakeTimeInMinutes", 0)
            release["_until"] = time.monotonic() + bake * settings.MINUTE_SECONDS
    elif stage == "BAKE_TIME":
        release["lifecycleStage"] = "CLEAN_UP"
    elif deployment["rolloutState"] == "COMPLETED" and service["runningCount"] == service["desiredCount"]:
        service["_live_group"] = group_of(service, deployment)
        shift(service, 0)
        finish(release, "SUCCESSFUL", "")
    else:
        ecs._complete_service_deployment(key.partition("/")[0], key)


def is_up(service, deployment):
    up = [task for task in ecs._tasks.values() if task.get("_deployment_id") == deployment["id"]
          and task["lastStatus"] == "RUNNING" and task.get("_startup_stable")]
    return len(up) >= service["desiredCount"]


def next_step(service, percent):
    """(percent of the traffic that new tasks have next, minutes until the step after that)"""
    configuration = service["deploymentConfiguration"]
    if configuration["strategy"] == "CANARY" and percent == 0:
        canary = configuration.get("canaryConfiguration") or {}
        return canary.get("canaryPercent", 5.0), canary.get("canaryBakeTimeInMinutes", 10)
    if configuration["strategy"] == "LINEAR":
        linear = configuration.get("linearConfiguration") or {}
        return min(100, percent + linear.get("stepPercent", 10.0)), linear.get("stepBakeTimeInMinutes", 6)
    return 100, 0


def shift(service, percent):
    """Writes the production rule as ECS does: both groups, with weights of a hundred together."""
    rule = alb._rules[advanced(service)[1]["productionListenerRule"]]
    before = rule["Actions"][-1].get("ForwardConfig", {})
    groups = [(live_group(service), 100 - percent), (other_group(service), percent)]
    rule["Actions"] = [{"Type": "forward", "ForwardConfig": {
        "TargetGroups": [{"TargetGroupArn": arn, "Weight": round(weight)} for arn, weight in groups],
        "Enabled": before.get("Enabled", False), "DurationSeconds": before.get("DurationSeconds", ""),
    }}]


def rings(service):
    alarms = service["deploymentConfiguration"].get("alarms") or {}
    names = alarms.get("alarmNames", []) if alarms.get("enable") else []
    return any(cloudwatch._alarms.get(name, {}).get("StateValue") == "ALARM" for name in names)


def go_back(key, service, release, reason):
    """People first; then the deployment before is the primary one again, and the other's tasks leave."""
    release["statusReason"] = reason
    shift(service, 0)
    failed = release["_deployment"]
    before = next(other for other in service["deployments"] if other is not failed and other["rolloutState"] == "COMPLETED")
    failed["status"], before["status"] = "ACTIVE", "PRIMARY"
    failed["rolloutState"], before["rolloutState"] = "FAILED", "IN_PROGRESS"
    before["desiredCount"], failed["desiredCount"] = service["desiredCount"], 0
    service["taskDefinition"] = before["taskDefinition"]
    event(service, f"(deployment {failed['id']}) deployment failed: {reason}")
    ecs._reconcile_service_tasks(key.partition("/")[0], key)


def going_back(service, release, primary):
    if release["status"] != "ROLLBACK_IN_PROGRESS":
        release.setdefault("statusReason", BREAKER)
        release["status"] = "ROLLBACK_IN_PROGRESS"
        release["rollback"] = {"reason": release["statusReason"], "startedAt": time.time()}
        shift(service, 0)
    elif primary["rolloutState"] == "COMPLETED" and service["runningCount"] == service["desiredCount"]:
        service["deployments"] = [primary]
        finish(release, "ROLLBACK_SUCCESSFUL", release["statusReason"])


def finish(release, status, reason):
    release.update(status=status, statusReason=reason, finishedAt=time.time())


def described(release):
    shown = {key: value for key, value in release.items() if not key.startswith("_") and value != ""}
    deployment = release["_deployment"]
    shown["targetServiceRevision"] = {
        "arn": release["serviceDeploymentArn"].replace(":service-deployment/", ":service-revision/"),
        "requestedTaskCount": deployment["desiredCount"], "runningTaskCount": deployment["runningCount"],
        "pendingTaskCount": deployment["pendingCount"], "requestedProductionTrafficWeight": float(release["_percent"]),
    }
    return shown


def list_deployments(data):
    service = service_of(data)
    if not service:
        return error("ServiceNotFoundException", "Service not found.", 400)
    wanted = data.get("status") or []
    members = ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "startedAt", "finishedAt", "status", "statusReason")
    return json_response({"serviceDeployments": [
        {member: release[member] for member in members if release.get(member)}
        for release in releases(service) if not wanted or release["status"] in wanted]})


def known(arn):
    for service in list(ecs._services.values()):
        for release in releases(service):
            if release["serviceDeploymentArn"] == arn:
                return release
    return None


def describe_deployments(data):
    found = [known(arn) for arn in data.get("serviceDeploymentArns", [])]
    return json_response(json.loads(json.dumps({"serviceDeployments": [described(release) for release in found if release]})))


def stop_deployment(data):
    release = known(data.get("serviceDeploymentArn"))
    if release is None:
        return error("ServiceDeploymentNotFoundException", "Service deployment not found.", 400)
    if release["status"] not in ("PENDING", "IN_PROGRESS"):
        return error("ConflictException", f"The service deployment is {release['status']}.", 400)
    release["_stop"] = STOPPED
    return json_response({"serviceDeploymentArn": release["serviceDeploymentArn"]})
