"""Elastic Load Balancing: a target is as healthy as the process that answers at its address."""

import http.client
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from corrections import elb_actions, settings
from ministack.core.responses import request_scope
from ministack.services import alb

REASONS = {
    "Elb.RegistrationInProgress": "Target registration is in progress",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.NotRegistered": "Target is not registered to the target group",
    "Target.Timeout": "Request timed out",
    "Target.FailedHealthChecks": "Health checks failed",
}


class Health:
    """What the checks of one target in one group have said."""

    def __init__(self):
        self.state, self.reason, self.description = "initial", "Elb.RegistrationInProgress", None
        self.last, self.run = None, 0

    def record(self, passed, reason, description, group):
        """`initial` ends with the first success; every other change takes as many in a row as the group says."""
        self.run = self.run + 1 if passed == self.last else 1
        self.last = passed
        needed = group["HealthyThresholdCount"] if passed else group["UnhealthyThresholdCount"]
        if passed and (self.state == "initial" or self.run >= needed):
            self.state, self.reason, self.description = "healthy", None, None
        elif not passed and (self.state == "unhealthy" or self.run >= needed):
            self.state, self.reason, self.description = "unhealthy", reason, description


_health = {}    # (group ARN, id, port) -> Health
_draining = {}  # (group ARN, id, port) -> time at which it is gone
_lock = threading.Lock()


def apply(_engine):
    actions = alb._ACTION_MAP
    actions["DescribeTargetHealth"] = describe_target_health
    actions["DeregisterTargets"] = draining(actions["DeregisterTargets"], lambda params: alb._p(params, "TargetGroupArn"))
    alb.set_targets_for_group = draining(alb.set_targets_for_group, lambda arn, *_: arn)
    threading.Thread(target=check_for_ever, name="target-health", daemon=True).start()


def key(group, target):
    return group["TargetGroupArn"], target["Id"], target.get("Port", group.get("Port", 80))


def keys(arn):
    group = alb._tgs.get(arn)
    return {key(group, target) for target in alb._targets.get(arn, [])} if group else set()


def draining(handler, arn_of):
    """A target that leaves its group drains first, for the group's delay or the world's, whichever is shorter."""

    def leave(*arguments, **options):
        arn = arn_of(*arguments)
        before = keys(arn)
        result = handler(*arguments, **options)
        gone = before - keys(arn)
        if gone:
            delay = next((float(a["Value"]) for a in alb._tg_attrs.get(arn, [])
                          if a["Key"] == "deregistration_delay.timeout_seconds"), 300.0)
            with _lock:
                for target in gone:
                    _health.pop(target, None)
                    _draining[target] = time.monotonic() + min(delay, settings.DRAIN_SECONDS)
        return result

    return leave


def drains_for(address):
    """How many seconds the targets at an address still drain; 0 when none does."""
    with _lock:
        until = [until for (_, identifier, _), until in _draining.items() if identifier == address]
    return max(0.0, max(until, default=0.0) - time.monotonic())


def state(group, target):
    """(state, reason, description) of a registered target, as DescribeTargetHealth tells it."""
    if not elb_actions.users_of(group["TargetGroupArn"]):
        return "unused", "Target.NotInUse", None
    with _lock:
        health = _health.setdefault(key(group, target), Health())
        return health.state, health.reason, health.description


def is_healthy(group_arn, address, port):
    group = alb._tgs.get(group_arn)
    return group is not None and state(group, {"Id": address, "Port": port})[0] == "healthy"


def is_unhealthy(group_arn, address, port):
    group = alb._tgs.get(group_arn)
    return group is not None and state(group, {"Id": address, "Port": port})[0] == "unhealthy"


def describe_target_health(params):
    arn = alb._p(params, "TargetGroupArn")
    group = alb._tgs.get(arn)
    if not group:
        return alb._error("TargetGroupNotFound", f"Target group '{arn}' not found")
    found = {key(group, target)[1:]: state(group, target) for target in alb._targets.get(arn, [])}
    with _lock:
        for (owner, identifier, port), until in _draining.items():
            if owner == arn and until > time.monotonic():
                found.setdefault((identifier, port), ("draining", "Target.DeregistrationInProgress", None))
    if wanted := alb._parse_targets_param(params):
        asked = [(target["Id"], target.get("Port", group["Port"])) for target in wanted]
        found = {item: found.get(item, ("unused", "Target.NotRegistered", None)) for item in asked}
    members = "".join(
        f"<member><Target><Id>{identifier}</Id><Port>{port}</Port></Target><HealthCheckPort>{port}</HealthCheckPort>"
        f"<TargetHealth><State>{health[0]}</State>{reason_xml(health)}</TargetHealth></member>"
        for (identifier, port), health in found.items())
    return alb._xml(200, "DescribeTargetHealth", f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>")


def reason_xml(health):
    _, reason, description = health
    if not reason:
        return ""
    return f"<Reason>{reason}</Reason><Description>{description or REASONS[reason]}</Description>"


def check_for_ever():
    pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="health-check")
    for turn in itertools.count():
        time.sleep(settings.HEALTH_CHECK_SECONDS)
        work = []
        for (account, region, arn), group in alb._tgs.all_items():
            with request_scope(account, region):
                if not elb_actions.users_of(arn):
                    continue
                work += [(group, key(group, target)) for target in alb._targets.get(arn, [])
                         if turn % settings.HEALTHY_CHECK_TURNS == 0 or not is_steady(key(group, target))]
        list(pool.map(check, work))
        with _lock:
            for target in [target for target, until in _draining.items() if until <= time.monotonic()]:
                del _draining[target]


def is_steady(target):
    with _lock:
        health = _health.get(target)
        return health is not None and health.state == "healthy" and health.last


def check(work):
    group, target = work
    passed, reason, description = probe(group, *target[1:])
    with _lock:
        _health.setdefault(target, Health()).record(passed, reason, description, group)


def probe(group, address, port):
    """One request, as the load balancer makes it."""
    accepted = group["Matcher"]["HttpCode"]
    connection = http.client.HTTPConnection(address, int(port), timeout=2)
    try:
        connection.request("GET", group["HealthCheckPath"], headers={"User-Agent": "ELB-HealthChecker/2.0"})
        status = connection.getresponse().status
    except TimeoutError:
        return False, "Target.Timeout", None
    except (OSError, http.client.HTTPException):
        return False, "Target.FailedHealthChecks", None
    finally:
        connection.close()
    if matches(accepted, status):
        return True, None, None
    return False, "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"


def matches(accepted, status):
    for part in accepted.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False
