"""Where the emulator differs from AWS's documentation, it is put right here, one subject a file."""

from corrections import (cloudwatch, ec2, ecs_api, ecs_definitions, ecs_groups, ecs_native, ecs_rollout, elasticache, elb_actions,
                         elb_resources, quotas, registry, s3, scheduler, secrets, sqs, start, tagging, target_health)


def apply(engine):
    """Replaces single handlers of the emulator, before it serves. `engine` runs the ECS tasks."""
    for part in (start, cloudwatch, tagging, ec2, secrets, elasticache, elb_actions, elb_resources, target_health, ecs_definitions,
                 quotas, registry, ecs_api, ecs_groups, ecs_rollout, ecs_native, s3, scheduler, sqs):
        part.apply(engine)
