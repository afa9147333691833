use futures::{FutureExt, future::try_join_all};
use pointsman_core::resource::{Dashboard, Observed, Tags};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Found, Lifecycle,
    asked::names,
    cloudwatch_tags, ours, standing,
    tag_index::{AllTags, Index},
    tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, failure},
    wait::Progress,
};

const PUT: &str = "cloudwatch:PutDashboard";

/// Its name is its id: the body and the tags are asked for side by side.
pub(super) async fn observe(
    aws: &Aws,
    asked: &[Asked<'_, Dashboard>],
    index: &Index<'_>,
) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        for name in names(asked, &asked.spec.name) {
            let arn = arn(aws, name);
            let confirmable = asked.confirmable(name, &asked.spec.tags);
            let tags = index.tags(&arn, confirmable, cloudwatch_tags::all(aws, &arn)).boxed();
            if let Some(found) = with_tags(aws, name, tags).await? {
                return Ok(Some((asked.address.clone(), found)));
            }
        }
        Ok(None)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

async fn find(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let arn = arn(aws, name);
    with_tags(aws, name, cloudwatch_tags::all(aws, &arn)).await
}

async fn with_tags(
    aws: &Aws,
    name: &str,
    tags: impl Future<Output = Result<Option<AllTags>, CloudError>>,
) -> Result<Option<Observed>, CloudError> {
    let (body, tags) = futures::try_join!(body(aws, name), tags)?;
    let tags = Tags::observed(tags.unwrap_or_default());
    Ok(body.map(|body| stands(aws, Dashboard::read(name, &body, tags))))
}

async fn body(aws: &Aws, name: &str) -> Result<Option<String>, CloudError> {
    let found = aws
        .clients
        .cloudwatch()
        .get_dashboard()
        .dashboard_name(name)
        .send()
        .await
        .during(&aws.scope, "cloudwatch:GetDashboard", name)
        .or_absent()?;
    Ok(found.map(|found| found.dashboard_body.unwrap_or_default()))
}

/// Dashboards belong to no region.
fn arn(aws: &Aws, name: &str) -> String {
    format!("arn:{}:cloudwatch::{}:dashboard/{name}", aws.scope.partition(), aws.scope.account)
}

fn stands(aws: &Aws, spec: Dashboard) -> Observed {
    let name = spec.name.clone();
    let (arn, url) = (arn(aws, &name), Dashboard::url(&aws.scope.region, &name));
    standing(spec, &name, [("arn", Some(arn.as_str())), ("url", Some(url.as_str()))])
}

/// Tags count only for one that is new; AWS passes over them otherwise.
async fn put(aws: &Aws, spec: &Dashboard, tags: Option<Vec<(String, String)>>) -> Result<(), CloudError> {
    let body = spec.body().ok_or_else(|| {
        let message = "something that it shows is not known yet";
        failure(CloudErrorKind::Refused, PUT, &spec.name, message, None)
    })?;
    aws.clients
        .cloudwatch()
        .put_dashboard()
        .dashboard_name(&spec.name)
        .dashboard_body(body)
        .set_tags(tags.map(cloudwatch_tags::list))
        .send()
        .await
        .during(&aws.scope, PUT, &spec.name)?;
    Ok(())
}

impl Lifecycle for Dashboard {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let tags = match find(aws, &self.name).await? {
            Some(found) => {
                ours(found, &self.tags, PUT)?;
                None
            }
            None => Some(tags_of(&self.tags, token)),
        };
        put(aws, self, tags).await?;
        Ok(stands(aws, self.clone()))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        if !changes.only_tags() {
            put(aws, self, None).await?;
        }
        cloudwatch_tags::update(aws, &arn(aws, &object.id), changes, &self.tags).await?;
        Ok(stands(aws, self.clone()))
    }

    async fn delete(&self, aws: &Aws, id: &str, _progress: &Progress<'_>) -> Result<(), CloudError> {
        aws.clients
            .cloudwatch()
            .delete_dashboards()
            .dashboard_names(id)
            .send()
            .await
            .during(&aws.scope, "cloudwatch:DeleteDashboards", id)
            .or_absent()
            .map(|_| ())
    }
}
