"""Where the emulator differs from AWS's documentation, it is put right here, one subject a file."""

from corrections import ec2, ecs_api, ecs_definitions, ecs_rollout, elasticache, elb_actions, elb_resources, quotas, registry, s3, sqs, start, target_health


def apply(engine):
    """Replaces single handlers of the emulator, before it serves. `engine` runs the ECS tasks."""
    for part in (start, ec2, elasticache, elb_actions, elb_resources, target_health, quotas, registry, ecs_definitions, ecs_api, ecs_rollout, s3, sqs):
        part.apply(engine)
