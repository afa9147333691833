use std::{sync::Arc, time::Duration};

use aws_config::{
    AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig, retry::RetryConfig, sts::AssumeRoleProvider, timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{Builder, ConnectorBuilder, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use pointsman_core::environment::EnvironmentFile;
use pointsman_engine::ports::{CloudError, Ports};

use crate::{
    aws::Aws,
    backend::{DynamoJournal, DynamoTable, Ground, S3LockFile, S3Object},
    call::Patience,
    scope::Scope,
};

/// What the connection is for: which of the environment's roles is assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Plans and drift: `plan_role_arn`, where there is one.
    Read,
    /// Deploys: `role_arn`, where there is one.
    Write,
}

/// How patiently AWS is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// One attempt of one call; at most the lease's own `attempt_ms`.
    pub attempt_timeout: Duration,
    /// One call with all its attempts.
    pub operation_timeout: Duration,
    /// Attempts of one call, the first included; not counted while AWS says that it
    /// is asked too often.
    pub attempts: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attempt_timeout: Duration::from_secs(20),
            operation_timeout: Duration::from_secs(90),
            attempts: 5,
        }
    }
}

/// Connects to the account and the backend of an environment. Nothing is
/// asked yet but for a role, where one is assumed: who we are is for
/// [`CloudReader::identity`](pointsman_engine::ports::CloudReader::identity).
pub async fn connect(
    file: &EnvironmentFile,
    access: Access,
    settings: &Settings,
) -> Result<Ports, CloudError> {
    let http = http_client();
    let role = match access {
        Access::Read => file.reading_role(),
        Access::Write => file.aws.role_arn.as_ref(),
    };
    let scope = Scope {
        account: file.aws.account.clone(),
        region: file.aws.region.clone(),
        profile: file.aws.profile.clone(),
        role: role.map(ToString::to_string),
    };
    let external_id = file.aws.external_id.as_deref();
    let config = configuration(&scope, external_id, settings, &http).await;

    let state = &file.state;
    let elsewhere = state.profile.is_some() || state.role_arn.is_some();
    let backend_scope = Scope {
        region: state.region.clone().unwrap_or_else(|| scope.region.clone()),
        profile: if elsewhere {
            state.profile.clone().or_else(|| scope.profile.clone())
        } else {
            scope.profile.clone()
        },
        role: if elsewhere { state.role_arn.as_ref().map(ToString::to_string) } else { scope.role.clone() },
        account: scope.account.clone(),
    };
    let backend_config = if elsewhere {
        configuration(&backend_scope, external_id, settings, &http).await
    } else {
        config.to_builder().region(Region::new(backend_scope.region.clone())).build()
    };
    Ok(Ports {
        cloud: Arc::new(Aws::new(config, Patience { attempts: settings.attempts }, scope, access)),
        foundation: Arc::new(Ground::new(&backend_config, backend_scope.clone(), state)),
        locks: Arc::new(DynamoTable::new(&backend_config, backend_scope.clone(), state)),
        lock_file: S3LockFile::of(&backend_config, &backend_scope, state).map(|file| Arc::new(file) as _),
        runs: Arc::new(DynamoJournal::new(&backend_config, backend_scope.clone(), state)),
        bucket: Arc::new(S3Object::new(backend_config, backend_scope, state)),
    })
}

async fn configuration(
    scope: &Scope,
    external_id: Option<&str>,
    settings: &Settings,
    http: &SharedHttpClient,
) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5).min(settings.attempt_timeout))
        .operation_attempt_timeout(settings.attempt_timeout)
        .operation_timeout(settings.operation_timeout)
        .build();
    let mut loader: ConfigLoader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .region(Region::new(scope.region.clone()))
        .retry_config(RetryConfig::standard().with_max_attempts(settings.attempts))
        .timeout_config(timeouts);
    if let Ok(name) = AppName::new("pointsman") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &scope.profile {
        // Named means meant: variables of the environment do not stand in for it.
        let provider = ProviderConfig::without_region()
            .with_region(Some(Region::new(scope.region.clone())))
            .with_http_client(http.clone());
        let named =
            ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(named);
    }
    let config = loader.load().await;
    let Some(role) = &scope.role else {
        return config;
    };
    let mut assumed = AssumeRoleProvider::builder(role).session_name("pointsman").configure(&config);
    if let Some(external_id) = external_id {
        assumed = assumed.external_id(external_id);
    }
    let assumed = match config.credentials_provider() {
        Some(own) => assumed.build_from_provider(own).await,
        None => assumed.build().await,
    };
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(assumed)).build()
}

/// Only AWS itself has a host name for every bucket.
pub(crate) fn bucket_addressing(
    config: &SdkConfig,
    builder: aws_sdk_s3::config::Builder,
) -> aws_sdk_s3::config::Builder {
    let elsewhere = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    builder.force_path_style(elsewhere)
}

/// One for all services: certificates are read once, and connections shared.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}
