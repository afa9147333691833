"""Service Quotas, and Elastic Load Balancing's own list of limits: the emulator has neither."""

import json

from ministack import app
from ministack.core import router
from ministack.core.responses import error_response_json, json_response
from ministack.services import alb

# What applies in this account: AWS's defaults, and more Fargate than a new account has.
QUOTAS = {
    ("fargate", "L-3032A538"): ["Fargate On-Demand vCPU resource count", 400.0],
    ("ecs", "L-9EF96962"): ["Services per cluster", 5000.0],
}
LIMITS = {"application-load-balancers": 50, "target-groups": 3000, "rules-per-application-load-balancer": 100,
          "listeners-per-application-load-balancer": 50}


def apply(_engine):
    router.SERVICE_PATTERNS["servicequotas"] = {"target_prefixes": ["ServiceQuotasV20190624"]}
    app.SERVICE_HANDLERS["servicequotas"] = handle_request
    alb._ACTION_MAP["DescribeAccountLimits"] = describe_account_limits


def describe_account_limits(_params):
    members = "".join(f"<member><Name>{name}</Name><Max>{most}</Max></member>" for name, most in LIMITS.items())
    return alb._xml(200, "DescribeAccountLimits", f"<Limits>{members}</Limits>")


async def handle_request(_method, _path, headers, body, _query):
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    asked = json.loads(body or b"{}")
    key = (asked.get("ServiceCode"), asked.get("QuotaCode"))
    if key not in QUOTAS:
        return error_response_json("NoSuchResourceException", "The request failed because the specified quota does not exist.", 404)
    if operation in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
        return json_response({"Quota": described(key)})
    if operation == "RequestServiceQuotaIncrease":
        # AWS looks at it first; here it is granted at once, and may be a decrease.
        QUOTAS[key][1] = float(asked["DesiredValue"])
        return json_response({"RequestedQuota": {"Status": "APPROVED", "DesiredValue": QUOTAS[key][1]}})
    return error_response_json("UnknownOperationException", f"{operation} is not here", 400)


def described(key):
    name, value = QUOTAS[key]
    return {"ServiceCode": key[0], "QuotaCode": key[1], "QuotaName": name, "Value": value, "Unit": "None"}
