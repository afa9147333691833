"""Nothing is loaded that an ECS deployer's calls do not need: it makes the first call half a second faster."""

from types import SimpleNamespace

from ministack import app
from ministack.core import responses

# What the emulator otherwise reads from the SDK's models, to choose the content type of an answer.
PROTOCOLS = {
    "ec2": "ec2", "s3": "rest-xml", "elasticfilesystem": "rest-json", "scheduler": "rest-json", "efs": "rest-json",
    **dict.fromkeys(("alb", "elasticloadbalancing", "elasticache", "iam", "rds", "sns", "sts"), "query"),
    **dict.fromkeys(("dynamodb", "ecr", "ecs", "logs", "secretsmanager", "servicediscovery", "servicequotas", "sqs", "ssm",
                     "application-autoscaling", "tagging"), "json"),
    "monitoring": "smithy-rpc-v2-cbor",
}


def apply(_engine):
    from_models = responses._service_model

    def service_model(service):
        if service not in PROTOCOLS:
            return from_models(service)
        version = "1.0" if service in ("dynamodb", "sqs") else "1.1"
        return SimpleNamespace(metadata={"protocol": PROTOCOLS[service], "jsonVersion": version})

    responses._service_model = service_model
    # There are no custom domains of API Gateway here; to ask for one loads that whole service.
    app._resolve_custom_domain_request = lambda _host, _path: None
