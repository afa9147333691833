//! What state and lock stand on: bucket and tables, looked at and made.

mod bucket;
mod table;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb as dynamodb;
use aws_sdk_s3 as s3;
use aws_sdk_sts as sts;
use pointsman_core::{
    environment::block,
    preflight::{Access, Backend, Identity, RUN_TABLE, Work, lock_key, run_expiry, run_key},
};
use pointsman_engine::ports::{CloudError, Foundation};

use super::state_bucket;
use crate::{call::CallLog, error::During, scope::Scope};

/// The backend of one environment, with clients of its own: it may be another
/// account's.
#[derive(Debug)]
pub(crate) struct Ground {
    buckets: s3::Client,
    tables: dynamodb::Client,
    callers: sts::Client,
    scope: Scope,
    bucket: String,
    lock_table: String,
    encrypt: block::Encrypt,
}

impl Ground {
    pub(crate) fn new(config: &SdkConfig, scope: Scope, state: &block::State) -> Self {
        Self {
            buckets: s3::Client::from_conf(state_bucket::builder(config).build()),
            tables: dynamodb::Client::from_conf(
                dynamodb::config::Builder::from(config).interceptor(CallLog).build(),
            ),
            callers: sts::Client::from_conf(sts::config::Builder::from(config).interceptor(CallLog).build()),
            scope,
            bucket: state.bucket.clone(),
            lock_table: state.lock_table.clone(),
            encrypt: state.encrypt.clone(),
        }
    }

    async fn identity(&self) -> Result<Identity, CloudError> {
        let caller = self.callers.get_caller_identity().send().await.during(
            &self.scope,
            "sts:GetCallerIdentity",
            &self.scope.identity(),
        )?;
        Ok(Identity { account: caller.account.unwrap_or_default(), arn: caller.arn.unwrap_or_default() })
    }
}

#[async_trait]
impl Foundation for Ground {
    async fn look(&self) -> Backend {
        let (identity, bucket, lock_table, run_table) = futures::join!(
            self.identity(),
            self.look_at_bucket(),
            self.look_at_table(&self.lock_table, table::Expiry::Leave),
            self.look_at_table(RUN_TABLE, table::Expiry::Ask),
        );
        Backend {
            access: Access {
                identity: self.scope.identity(),
                arn: identity.as_ref().ok().map(|identity| identity.arn.clone()),
                region: self.scope.region.clone(),
                options: self.scope.cli_options(),
            },
            identity,
            bucket_name: self.bucket.clone(),
            bucket,
            lock_table_name: self.lock_table.clone(),
            lock_table,
            run_table,
        }
    }

    async fn make(&self, work: Work) -> Result<(), CloudError> {
        match work {
            Work::MakeBucket => self.make_bucket().await,
            Work::Version => self.version().await,
            Work::Encrypt => self.encrypt().await,
            Work::BlockPublic => self.block_public().await,
            Work::EnforceOwner => self.enforce_owner().await,
            Work::MakeLockTable => self.make_table(&self.lock_table, &lock_key()).await,
            Work::MakeRunTable => self.make_table(RUN_TABLE, &run_key()).await,
            Work::Expire => self.expire(RUN_TABLE, run_expiry()).await,
        }
    }
}
