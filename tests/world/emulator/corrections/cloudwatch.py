"""CloudWatch: dashboards have tags, an alarm has one statistic, and lists carry real timestamps."""

from ministack.core.responses import get_account_id
from ministack.services import cloudwatch


def apply(_engine):
    cloudwatch._put_metric_alarm = put_metric_alarm(cloudwatch._put_metric_alarm)
    cloudwatch._put_dashboard = put_dashboard(cloudwatch._put_dashboard)
    cloudwatch._delete_dashboards = delete_dashboards(cloudwatch._delete_dashboards)
    cloudwatch._validate_alarm_tag_arn = validate_arn(cloudwatch._validate_alarm_tag_arn)
    cloudwatch._list_dashboards = list_dashboards(cloudwatch._list_dashboards)


def put_metric_alarm(handler):
    """A percentile stands in place of the statistic; both at once, or neither, are refused."""

    def put(params, data, is_cbor, is_json=False):
        percentile = data.get("ExtendedStatistic")
        if (is_cbor or is_json) and bool(percentile) == bool(data.get("Statistic")) and not data.get("Metrics"):
            return cloudwatch._error("ValidationError",
                                     "Exactly one of Statistic and ExtendedStatistic must be specified for a metric alarm.",
                                     400, use_json=is_json, use_cbor=is_cbor)
        answer = handler(params, data, is_cbor, is_json)
        if answer[0] == 200 and percentile:
            cloudwatch._alarms[data["AlarmName"]].pop("Statistic", None)
        return answer

    return put


def arn_of(name):
    return f"arn:aws:cloudwatch::{get_account_id()}:dashboard/{name}"


def put_dashboard(handler):
    """Tags count when the dashboard is made, and are passed over when it is changed."""

    def put(params, data, is_cbor, is_json=False):
        name = data.get("DashboardName", "")
        is_new = name not in cloudwatch._dashboards
        answer = handler(params, data, is_cbor, is_json)
        if answer[0] == 200 and is_new:
            cloudwatch._resource_tags[arn_of(name)] = {tag["Key"]: tag["Value"] for tag in data.get("Tags") or []}
        return answer

    return put


def delete_dashboards(handler):
    def delete(params, data, is_cbor, is_json=False):
        answer = handler(params, data, is_cbor, is_json)
        if answer[0] == 200:
            for name in data.get("DashboardNames", []):
                cloudwatch._resource_tags.pop(arn_of(name), None)
        return answer

    return delete


def validate_arn(handler):
    def validate(arn, is_json=False, is_cbor=False):
        if arn in (arn_of(name) for name in cloudwatch._dashboards):
            return None
        return handler(arn, is_json=is_json, is_cbor=is_cbor)

    return validate


def list_dashboards(handler):
    """Its times went out as text, which no client reads."""

    def listed(params, data, is_cbor, is_json=False):
        if not is_cbor:
            return handler(params, data, is_cbor, is_json)
        prefix = data.get("DashboardNamePrefix", "")
        entries = [
            {"DashboardName": name, "DashboardArn": arn_of(name), "Size": len(dashboard["DashboardBody"]),
             "LastModified": cloudwatch._cbor_timestamp(dashboard["LastModified"])}
            for name, dashboard in sorted(cloudwatch._dashboards.items()) if name.startswith(prefix)]
        return cloudwatch._cbor_ok({"DashboardEntries": entries})

    return listed
