"""EventBridge Scheduler: a creation that is repeated with its token is the same creation."""

from ministack.services import scheduler

# The token with which a schedule was made, by its ARN.
_tokens = {}


def apply(_engine):
    handler = scheduler._create_schedule

    def create(name, body):
        arn = scheduler._schedule_arn(body.get("GroupName", "default"), name)
        token = body.get("ClientToken")
        exists = f"{body.get('GroupName', 'default')}/{name}" in scheduler._schedules
        if exists and token and _tokens.get(arn) == token:
            return scheduler._json_resp(200, {"ScheduleArn": arn})
        result = handler(name, body)
        if result[0] == 200:
            _tokens[arn] = token
        return result

    scheduler._create_schedule = create
