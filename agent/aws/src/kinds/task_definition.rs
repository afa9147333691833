use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, CpuArchitecture, KeyValuePair, LogConfiguration, LogDriver,
    NetworkMode, OsFamily, PortMapping, RuntimePlatform, Tag, TaskDefinition as EcsTaskDefinition,
    TaskDefinitionField, TaskDefinitionStatus, TransportProtocol,
};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use pointsman_core::resource::{Observed, TOKEN_TAG, Tags, TaskDefinition, Text};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Found, Lifecycle,
    asked::names,
    ecs_tags,
    elb::{port, signed, unsigned},
    ours, standing, tags_of, task_secrets, task_volumes,
};
use crate::{
    aws::Aws,
    error::{Absent, During, failure, incomplete},
    wait::Progress,
};

const LOG_GROUP: &str = "awslogs-group";
const LOG_REGION: &str = "awslogs-region";
const LOG_PREFIX: &str = "awslogs-stream-prefix";
/// How the names of log streams begin; the container and the task follow.
pub(super) const STREAM_PREFIX: &str = "task";

/// How many revisions are looked at at once when all of them go.
const AT_ONCE: usize = 5;

/// The recorded revision, or the newest of the family.
pub(super) async fn observe(aws: &Aws, asked: &[Asked<'_, TaskDefinition>]) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        for name in names(asked, &asked.spec.family) {
            if let Some((found, _)) = find(aws, name).await? {
                return Ok(Some((asked.address.clone(), found)));
            }
        }
        Ok(None)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// One that may still be used, by ARN or family, with the token it was made with.
async fn find(aws: &Aws, name: &str) -> Result<Option<(Observed, Option<String>)>, CloudError> {
    let described = aws
        .clients
        .ecs()
        .describe_task_definition()
        .task_definition(name)
        .include(TaskDefinitionField::Tags)
        .send()
        .await
        .during(&aws.scope, "ecs:DescribeTaskDefinition", name)
        .or_absent()?;
    let Some(described) = described else {
        return Ok(None);
    };
    let token = described.tags().iter().find(|tag| tag.key() == Some(TOKEN_TAG)).and_then(Tag::value);
    let token = token.map(ToOwned::to_owned);
    let tags = ecs_tags::of(described.tags());
    Ok(described
        .task_definition
        .filter(|definition| definition.status() != Some(&TaskDefinitionStatus::Inactive))
        .map(|definition| (observed(&definition, tags), token)))
}

fn observed(definition: &EcsTaskDefinition, tags: Tags) -> Observed {
    let family = definition.family().unwrap_or_default();
    let containers = definition.container_definitions();
    let container = containers.iter().find(|one| one.name() == Some(family)).or(containers.first());
    let logs = container.and_then(ContainerDefinition::log_configuration);
    let option = |name: &str| {
        logs.and_then(|logs| logs.options()?.get(name)).map(ToOwned::to_owned).unwrap_or_default()
    };
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
    let environment: BTreeMap<String, Text> = container
        .map(ContainerDefinition::environment)
        .unwrap_or_default()
        .iter()
        .filter_map(|pair| Some((pair.name()?.to_owned(), Text::known(pair.value().unwrap_or_default()))))
        .collect();
    let mapping = container.and_then(|container| container.port_mappings().first());
    let (secrets, secret_marks) = task_secrets::observed(container);
    let spec = TaskDefinition {
        family: family.to_owned(),
        image: container.and_then(ContainerDefinition::image).unwrap_or_default().to_owned(),
        cpu: number(definition.cpu()),
        memory: number(definition.memory()),
        architecture: definition
            .runtime_platform()
            .and_then(RuntimePlatform::cpu_architecture)
            .map_or("X86_64", CpuArchitecture::as_str)
            .to_owned(),
        port: mapping.and_then(PortMapping::container_port).map(|number| port(Some(number))),
        command: container.map(ContainerDefinition::command).unwrap_or_default().to_vec(),
        execution_role: definition.execution_role_arn().unwrap_or_default().to_owned(),
        task_role: definition.task_role_arn().filter(|role| !role.is_empty()).map(ToOwned::to_owned),
        environment,
        secrets,
        secret_marks,
        volumes: task_volumes::observed(definition, container),
        log_group: option(LOG_GROUP),
        log_region: option(LOG_REGION),
        // Fargate's own when nothing was said.
        stop_timeout: container
            .and_then(ContainerDefinition::stop_timeout)
            .map_or(30, |seconds| unsigned(Some(seconds)).into()),
        tags,
    };
    let arn = definition.task_definition_arn();
    standing(spec, arn.unwrap_or_default(), [("arn", arn)])
}

fn container(spec: &TaskDefinition) -> Result<ContainerDefinition, CloudError> {
    let TaskDefinition {
        family,
        image,
        cpu: _,
        memory: _,
        architecture: _,
        port,
        command,
        execution_role: _,
        task_role: _,
        environment,
        secrets: _,
        secret_marks: _,
        volumes: _,
        log_group,
        log_region,
        stop_timeout,
        tags: _,
    } = spec;
    let environment = environment
        .iter()
        .map(|(name, text)| {
            let value = text.resolved().ok_or_else(|| {
                let message = format!("the variable {name} refers to something that is not known yet");
                failure(CloudErrorKind::Refused, "ecs:RegisterTaskDefinition", family, message, None)
            })?;
            Ok(KeyValuePair::builder().name(name).value(value).build())
        })
        .collect::<Result<Vec<_>, CloudError>>()?;
    let logs = LogConfiguration::builder()
        .log_driver(LogDriver::Awslogs)
        .options(LOG_GROUP, log_group)
        .options(LOG_REGION, log_region)
        .options(LOG_PREFIX, STREAM_PREFIX)
        .build()
        .map_err(|error| {
            failure(CloudErrorKind::Refused, "ecs:RegisterTaskDefinition", family, error.to_string(), None)
        })?;
    Ok(ContainerDefinition::builder()
        .name(family)
        .image(image)
        .essential(true)
        .set_port_mappings(port.map(|port| {
            let mapping = PortMapping::builder().container_port(port.into());
            vec![mapping.protocol(TransportProtocol::Tcp).build()]
        }))
        .set_command((!command.is_empty()).then(|| command.clone()))
        .set_environment(Some(environment))
        .set_secrets(Some(task_secrets::secrets(spec)?))
        .set_docker_labels(Some(task_secrets::labels(spec)?.into_iter().collect()))
        .set_mount_points(Some(task_volumes::mounts(spec)))
        .log_configuration(logs)
        .stop_timeout(signed(*stop_timeout))
        .build())
}

/// Registers a revision, unless the newest one is what an earlier try with
/// this token registered: AWS would register another every time it is asked.
async fn register(aws: &Aws, spec: &TaskDefinition, token: &str) -> Result<Observed, CloudError> {
    let operation = "ecs:RegisterTaskDefinition";
    let mut tries = 0;
    loop {
        if let Some((newest, by)) = find(aws, &spec.family).await? {
            let newest = ours(newest, &spec.tags, operation)?;
            if by.as_deref() == Some(token) {
                return Ok(newest);
            }
        }
        tries += 1;
        match register_once(aws, spec, token).await {
            // Perhaps it was registered, and only the answer was lost.
            Err(error)
                if tries < 4 && error.kind == CloudErrorKind::Unreachable
                    || tries < 12 && error.kind == CloudErrorKind::Throttled =>
            {
                tokio::time::sleep(std::time::Duration::from_millis(500 << tries.min(4))).await;
            }
            other => return other,
        }
    }
}

async fn register_once(aws: &Aws, spec: &TaskDefinition, token: &str) -> Result<Observed, CloudError> {
    let operation = "ecs:RegisterTaskDefinition";
    let once = aws_sdk_ecs::config::Builder::new()
        .retry_config(aws_config::retry::RetryConfig::standard().with_max_attempts(1));
    let registered = aws
        .clients
        .ecs()
        .register_task_definition()
        .family(&spec.family)
        .requires_compatibilities(Compatibility::Fargate)
        .network_mode(NetworkMode::Awsvpc)
        .cpu(spec.cpu.to_string())
        .memory(spec.memory.to_string())
        .runtime_platform(
            RuntimePlatform::builder()
                .cpu_architecture(CpuArchitecture::from(spec.architecture.as_str()))
                .operating_system_family(OsFamily::Linux)
                .build(),
        )
        .execution_role_arn(&spec.execution_role)
        .set_task_role_arn(spec.task_role.clone())
        .container_definitions(container(spec)?)
        .set_volumes(Some(task_volumes::volumes(spec)?))
        .set_tags(Some(ecs_tags::list(tags_of(&spec.tags, token))))
        .customize()
        .config_override(once)
        .send()
        .await
        .during(&aws.scope, operation, &spec.family)?;
    let definition =
        registered.task_definition.ok_or_else(|| incomplete(operation, &spec.family, "task definition"))?;
    Ok(observed(&definition, spec.tags.clone()))
}

/// Every revision that may still be used, oldest first.
async fn revisions(aws: &Aws, family: &str) -> Result<Vec<String>, CloudError> {
    let mut arns = Vec::new();
    let mut token = None;
    loop {
        let page = aws
            .clients
            .ecs()
            .list_task_definitions()
            .family_prefix(family)
            .status(TaskDefinitionStatus::Active)
            .set_next_token(token)
            .send()
            .await
            .during(&aws.scope, "ecs:ListTaskDefinitions", family)?;
        arns.extend(page.task_definition_arns.unwrap_or_default());
        token = page.next_token;
        if token.is_none() {
            return Ok(arns);
        }
    }
}

async fn deregister(aws: &Aws, arn: &str) -> Result<(), CloudError> {
    let deregistered =
        aws.clients.ecs().deregister_task_definition().task_definition(arn).send().await.during(
            &aws.scope,
            "ecs:DeregisterTaskDefinition",
            arn,
        );
    match deregistered {
        Ok(_) => Ok(()),
        // Deregistered already, or gone.
        Err(error)
            if matches!(error.code.as_deref(), Some("ClientException" | "InvalidParameterException")) =>
        {
            match find(aws, arn).await? {
                None => Ok(()),
                Some(_) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// The number at the end of a revision's ARN.
fn revision_of(arn: &str) -> Option<u32> {
    arn.rsplit_once(':')?.1.parse().ok()
}

impl Lifecycle for TaskDefinition {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        register(aws, self, token).await
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        if changes.only_tags() {
            ecs_tags::update(aws, &object.id, changes, &self.tags).await?;
            return Ok(Observed {
                resource: self.clone().into(),
                owner: self.tags.owner(),
                ..object.clone()
            });
        }
        register(aws, self, changes.token).await
    }

    /// This revision and those of ours before it: nothing else records them.
    async fn delete(&self, aws: &Aws, id: &str, _progress: &Progress<'_>) -> Result<(), CloudError> {
        let earlier = revisions(aws, &self.family).await?;
        let earlier = earlier.into_iter().filter(|arn| arn != id && revision_of(arn) < revision_of(id));
        stream::iter(earlier)
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, |arn| async move {
                match find(aws, &arn).await? {
                    Some((found, _))
                        if ours(found.clone(), &self.tags, "ecs:DeregisterTaskDefinition").is_ok() =>
                    {
                        deregister(aws, &arn).await
                    }
                    _ => Ok(()),
                }
            })
            .await?;
        deregister(aws, id).await
    }
}
