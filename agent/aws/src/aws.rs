use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use aws_config::SdkConfig;
use pointsman_core::{
    Address,
    desired::{Neighbour, Network, Surroundings},
    environment::{EnvironmentName, block},
    preflight::{Answers, Questions},
    report::{StoppedTask, adoption::Tagged},
    resource::{Desired, Observed, Service},
    rollout::{Behind, EcsRelease, Facts, LetsIn, Migration, Old, OldCount},
};
use pointsman_engine::{
    lease::LeaseProof,
    ports::{Cloud, CloudError, CloudReader, CloudWriter, Identity, Listener, OneOff, Sought, Underway},
};

use crate::{
    call::{CallLog, LeaseGuard, Patience},
    client::{self, Access},
    error::During,
    externals, kinds, named, network, preflight,
    scope::Scope,
    secrets::Listed,
    wait::Progress,
};

/// An account in a region: what can be asked there and, when its clients carry
/// a lease guard, done.
#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) clients: Clients,
    pub(crate) scope: Scope,
    /// What it is asked for.
    pub(crate) access: Access,
    /// The environment's secrets, as they were listed beside those that it refers to.
    pub(crate) listed: Mutex<Option<Listed>>,
}

/// The registry of AWS's services: a row per client, made when it is first needed, `by` what
/// else it must be told.
macro_rules! clients {
    ($($service:ident: $sdk:ident $(, by $set:path)?;)*) => {
        /// A client per service, made when it is first needed.
        #[derive(Debug)]
        pub(crate) struct Clients {
            config: SdkConfig,
            patience: Patience,
            guard: Option<LeaseGuard>,
            $($service: OnceLock<$sdk::Client>,)*
        }

        impl Clients {
            fn new(config: SdkConfig, patience: Patience, guard: Option<LeaseGuard>) -> Self {
                Self { config, patience, guard, $($service: OnceLock::new(),)* }
            }

            $(pub(crate) fn $service(&self) -> &$sdk::Client {
                self.$service.get_or_init(|| {
                    let mut builder = $sdk::config::Builder::from(&self.config)
                        .interceptor(CallLog)
                        .interceptor(self.patience)
                        .retry_partition(Patience::partition());
                    $(builder = $set(&self.config, builder);)?
                    if let Some(guard) = &self.guard {
                        builder = builder.interceptor(guard.clone());
                    }
                    $sdk::Client::from_conf(builder.build())
                })
            })*
        }
    };
}

clients! {
    ec2: aws_sdk_ec2;
    ecs: aws_sdk_ecs;
    elb: aws_sdk_elasticloadbalancingv2;
    cache: aws_sdk_elasticache;
    logs: aws_sdk_cloudwatchlogs;
    scaling: aws_sdk_applicationautoscaling;
    cloudwatch: aws_sdk_cloudwatch;
    tagging: aws_sdk_resourcegroupstagging;
    sts: aws_sdk_sts;
    secrets: aws_sdk_secretsmanager;
    files: aws_sdk_efs;
    databases: aws_sdk_rds;
    discovery: aws_sdk_servicediscovery;
    sqs: aws_sdk_sqs;
    scheduler: aws_sdk_scheduler;
    s3: aws_sdk_s3, by client::bucket_addressing;
    roles: aws_sdk_iam;
    images: aws_sdk_ecr;
    quotas: aws_sdk_servicequotas;
}

impl Aws {
    pub(crate) fn new(config: SdkConfig, patience: Patience, scope: Scope, access: Access) -> Self {
        Self { clients: Clients::new(config, patience, None), scope, access, listed: Mutex::default() }
    }

    /// The same account, with clients that send only while the lease is fresh.
    fn guarded(&self, proof: &LeaseProof) -> Self {
        let mut config = self.clients.config.clone();
        if let Some(timeouts) = config.timeout_config() {
            let longest: Duration = proof.attempt_timeout();
            let attempt = timeouts.operation_attempt_timeout().map_or(longest, |own| own.min(longest));
            let timeouts = timeouts.to_builder().operation_attempt_timeout(attempt).build();
            config = config.to_builder().timeout_config(timeouts).build();
        }
        let guard = Some(LeaseGuard(proof.clone()));
        Self {
            clients: Clients::new(config, self.clients.patience, guard),
            scope: self.scope.clone(),
            access: Access::Write,
            listed: Mutex::default(),
        }
    }
}

#[async_trait]
impl CloudReader for Aws {
    async fn identity(&self) -> Result<Identity, CloudError> {
        let caller = self.clients.sts().get_caller_identity().send().await.during(
            &self.scope,
            "sts:GetCallerIdentity",
            &self.scope.identity(),
        )?;
        Ok(Identity { account: caller.account.unwrap_or_default(), arn: caller.arn.unwrap_or_default() })
    }

    async fn surroundings(
        &self,
        environment: &EnvironmentName,
        network: &block::Network,
        externals: &BTreeMap<String, block::Referred>,
    ) -> Result<Surroundings, CloudError> {
        let named = named::of(self, network, externals);
        let (network, externals) = futures::try_join!(
            network::network(self, network, named.clone()),
            externals::externals(self, environment, externals, named)
        )?;
        Ok(Surroundings { network, externals })
    }

    async fn network(&self, network: &block::Network) -> Result<Network, CloudError> {
        network::network(self, network, named::unasked()).await
    }

    async fn external(&self, name: &str, external: &block::External) -> Result<Neighbour, CloudError> {
        externals::external(self, name, external).await
    }

    async fn observe(&self, sought: &[Sought]) -> Result<BTreeMap<Address, Observed>, CloudError> {
        kinds::observe(self, sought).await
    }

    async fn tagged(&self, environment: &EnvironmentName) -> Result<Vec<Tagged>, CloudError> {
        kinds::tagged(self, environment.as_str()).await
    }

    async fn preflight(&self, questions: &Questions) -> Answers {
        Box::pin(preflight::answers(self, questions)).await
    }

    async fn underway(&self, rollout: &Underway) -> Result<Facts, CloudError> {
        Box::pin(kinds::underway(self, rollout)).await
    }

    async fn last_words(&self, service: &Service, since_ms: u64) -> Result<Vec<StoppedTask>, CloudError> {
        kinds::last_words(self, service, since_ms).await
    }

    async fn one_off(&self, task: &OneOff) -> Result<Option<Migration>, CloudError> {
        kinds::one_off::look(self, task).await
    }

    async fn settle(
        &self,
        address: &Address,
        object: &Observed,
        listener: &dyn Listener,
    ) -> Result<Observed, CloudError> {
        kinds::settle(self, object, &Progress { address, listener: Some(listener) }).await
    }

    async fn newest_release(&self, service: &Service) -> Result<Option<String>, CloudError> {
        kinds::ecs_release::newest_release(self, service).await
    }

    async fn settle_release(
        &self,
        address: &Address,
        object: &Observed,
        service: &Service,
        after: Option<&str>,
        listener: &dyn Listener,
    ) -> Result<Observed, CloudError> {
        let progress = Progress { address, listener: Some(listener) };
        Box::pin(kinds::ecs_release::settle(self, service, object, after, &progress)).await
    }

    async fn went_back(&self, service: &Service, release: &EcsRelease) -> Result<Option<String>, CloudError> {
        kinds::ecs_release::went_back(self, service, release).await
    }
}

impl Cloud for Aws {
    fn writer(&self, proof: &LeaseProof) -> Arc<dyn CloudWriter> {
        Arc::new(AwsWriter(self.guarded(proof)))
    }
}

/// What can be done to an account: every client of it carries the guard.
#[derive(Debug)]
struct AwsWriter(Aws);

#[async_trait]
impl CloudWriter for AwsWriter {
    async fn create(&self, desired: &Desired, token: &str) -> Result<Observed, CloudError> {
        let progress = Progress { address: &desired.address, listener: None };
        kinds::create(&self.0, &desired.resource, token, &progress).await
    }

    async fn update(
        &self,
        object: &Observed,
        desired: &Desired,
        fields: &[String],
        token: &str,
    ) -> Result<Observed, CloudError> {
        let progress = Progress { address: &desired.address, listener: None };
        kinds::update(&self.0, object, &desired.resource, fields, token, &progress).await
    }

    async fn delete(
        &self,
        address: &Address,
        object: &Observed,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        kinds::delete(&self.0, object, &Progress { address, listener: Some(listener) }).await
    }

    async fn start(&self, task: &OneOff) -> Result<(), CloudError> {
        kinds::one_off::start(&self.0, task).await
    }

    async fn stop(&self, task: &OneOff) -> Result<(), CloudError> {
        kinds::one_off::stop(&self.0, task).await
    }

    async fn turn_back(&self, service: &Service) -> Result<bool, CloudError> {
        kinds::ecs_release::turn_back(&self.0, service).await
    }

    async fn count_old(&self, old: &Old, count: OldCount) -> Result<(), CloudError> {
        kinds::outside::count(&self.0, old, count).await
    }

    async fn let_in(&self, old: &Old, balancer: &str, wanted: LetsIn) -> Result<(), CloudError> {
        kinds::outside::let_in(&self.0, old, balancer, wanted).await
    }

    async fn follow_old(&self, old: &Old, group: &str, behind: Behind) -> Result<(), CloudError> {
        kinds::outside::follow(&self.0, old, group, behind).await
    }
}
