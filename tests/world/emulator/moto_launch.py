"""Starts the second emulator in this process, on a loopback port that the system chooses.

Prints one line, `ready PORT`, when it listens. Ends when its standard input is closed. What differs
from AWS's documentation is put right here; what it cannot do at all is left to the first one.

  MOTO_ACCOUNT_ID            the account of every call
  MOTO_ECS_SERVICE_RUNNING   how many tasks of each service run: it starts none
"""

import uuid

import parent

parent.end_with_parent()

from moto.core.responses import ActionResult  # noqa: E402
from moto.ecs.responses import EC2ContainerServiceResponse as Ecs  # noqa: E402
from moto.iam.responses import IamResponse as Iam  # noqa: E402
from moto.servicequotas.exceptions import NoSuchResource  # noqa: E402
from moto.servicequotas.responses import ServiceQuotasResponse as Quotas  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

create, update = Ecs.create_service, Ecs.update_service


def create_service(self):
    """A service keeps how it is deployed, and how long it waits for health."""
    answer = create(self)
    service = self.ecs_backend._get_service(self._get_param("cluster", "default"), self._get_param("serviceName"))
    service.deployment_configuration = self._get_param("deploymentConfiguration")
    service.health_check_grace_period_seconds = self._get_param("healthCheckGracePeriodSeconds")
    return answer


def update_service(self):
    """Another task definition is another deployment, and it completes at once."""
    answer = update(self)
    service = self.ecs_backend._get_service(
        self._get_param("cluster", "default"), self._get_param("service").split("/")[-1])
    current = service.deployments[0]
    if self._get_param("taskDefinition"):
        number = f"ecs-svc/{uuid.uuid4().int % 10**19}"
        service.deployments = [{**current, "id": number, "taskDefinition": service.task_definition}]
    service.deployments[0].update(
        desiredCount=service.desired_count, runningCount=service.running_count, pendingCount=0, rolloutState="COMPLETED")
    return answer


Ecs.create_service, Ecs.update_service = create_service, update_service


def simulate_principal_policy(self):
    """It checks nobody's permissions: everything is allowed."""
    decisions = [{"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": "allowed"}
                 for action in self._get_param("ActionNames", [])
                 for resource in self._get_param("ResourceArns", ["*"])]
    return ActionResult({"IsTruncated": False, "EvaluationResults": decisions})


def get_aws_default_service_quota(self):
    """It keeps no quotas: there is none of this number."""
    raise NoSuchResource()


Iam.simulate_principal_policy = simulate_principal_policy
Quotas.get_aws_default_service_quota = get_aws_default_service_quota


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_):
        pass


server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True,
                     request_handler=Quiet)
print(f"ready {server.port}", flush=True)
server.serve_forever()
