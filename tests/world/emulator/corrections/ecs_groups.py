"""ECS: in which target group a task stands. Where ECS itself carries releases out, every second one stands in the other."""

from ministack.core.concurrency import resource_lock
from ministack.services import alb, ecs


def apply(_engine):
    ecs._sync_service_targets = sync(ecs._sync_service_targets)


def advanced(service):
    """(load balancer, its advanced configuration) where ECS itself moves the service's traffic, else (None, None)."""
    if (service.get("deploymentConfiguration") or {}).get("strategy", "ROLLING") == "ROLLING":
        return None, None
    for balancer in service.get("loadBalancers") or []:
        if balancer.get("advancedConfiguration"):
            return balancer, balancer["advancedConfiguration"]
    return None, None


def live_group(service):
    """The ARN of the group that people are led to."""
    balancer, _ = advanced(service)
    return service.setdefault("_live_group", balancer["targetGroupArn"])


def other_group(service):
    balancer, configuration = advanced(service)
    groups = [balancer["targetGroupArn"], configuration["alternateTargetGroupArn"]]
    return next(group for group in groups if group != live_group(service))


def group_of(service, deployment):
    """A deployment that has not ended stands in the group that is not used; the first one has no such choice."""
    if "_group" not in deployment:
        is_first = len(service["deployments"]) == 1
        is_new = deployment is ecs._primary_deployment(service) and deployment["rolloutState"] == "IN_PROGRESS"
        deployment["_group"] = other_group(service) if is_new and not is_first else live_group(service)
    return deployment["_group"]


def groups_of(service, task):
    """(target group ARN, port) for each group in which a task of a service stands."""
    balancer, _ = advanced(service)
    if balancer is None:
        return [(balancer["targetGroupArn"], balancer.get("containerPort", 80))
                for balancer in service.get("loadBalancers") or [] if balancer.get("targetGroupArn")]
    deployment = ecs._deployment_for_task(service, task)
    return [(group_of(service, deployment), balancer.get("containerPort", 80))] if deployment else []


def sync(registered):
    def synced(cluster, service):
        balancer, configuration = advanced(service)
        if balancer is None:
            registered(cluster, service)
            return
        wanted = {balancer["targetGroupArn"]: [], configuration["alternateTargetGroupArn"]: []}
        if service["status"] == "ACTIVE":
            for task in list(ecs._tasks.values()):
                of_service = task.get("group") == f"service:{service['serviceName']}" and task["clusterArn"] == service["clusterArn"]
                address = ecs._task_ip(task)
                if of_service and task["lastStatus"] == "RUNNING" and address:
                    for group, port in groups_of(service, task):
                        wanted[group].append((address, port))
        for group, targets in wanted.items():
            with resource_lock("elbv2-targets", group):
                ledger = service.setdefault("_published_targets", {})
                alb.set_targets_for_group(group, targets, ledger.get(group, ()))
                ledger[group] = [address for address, _ in targets]

    return synced
