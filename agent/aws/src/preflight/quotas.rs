use std::collections::BTreeMap;

use pointsman_core::preflight::{Answer, Limit, Quota};
use pointsman_engine::ports::CloudErrorKind;

use crate::{
    aws::Aws,
    error::{During, failure},
};

/// Every quota, with what stands where one call tells it.
pub(super) async fn quotas(aws: &Aws) -> BTreeMap<Quota, Answer<Limit>> {
    let (limits, balancers, groups, processors, services) = futures::join!(
        balancing(aws),
        balancers(aws),
        target_groups(aws),
        quota(aws, "fargate", "L-3032A538"),
        quota(aws, "ecs", "L-9EF96962"),
    );
    let mut quotas = BTreeMap::new();
    let mut of_balancing = |quota: Quota, name: &str, used: Answer<Option<u64>>| {
        let limit = match (&limits, used) {
            (Err(error), _) => Err(error.clone()),
            (_, Err(error)) => Err(error),
            (Ok(limits), Ok(used)) => match limits.get(name) {
                Some(most) => Ok(Limit { most: *most, used }),
                // A limit that is not listed is none.
                None => return,
            },
        };
        quotas.insert(quota, limit);
    };
    of_balancing(Quota::LoadBalancers, "application-load-balancers", balancers.map(Some));
    of_balancing(Quota::TargetGroups, "target-groups", groups.map(Some));
    of_balancing(Quota::Rules, "rules-per-application-load-balancer", Ok(None));
    quotas.insert(Quota::FargateCpus, processors);
    quotas.insert(Quota::Services, services);
    quotas
}

/// The fullest cluster decides.
pub(super) fn count_services(
    quotas: &mut BTreeMap<Quota, Answer<Limit>>,
    clusters: &BTreeMap<String, Answer<Option<u64>>>,
) {
    if let Some(Ok(limit)) = quotas.get_mut(&Quota::Services) {
        limit.used = clusters.values().filter_map(|answer| answer.as_ref().ok().copied().flatten()).max();
    }
}

async fn balancing(aws: &Aws) -> Answer<BTreeMap<String, u64>> {
    let operation = "elasticloadbalancing:DescribeAccountLimits";
    let mut limits = BTreeMap::new();
    let mut marker = None;
    loop {
        let page = aws
            .clients
            .elb()
            .describe_account_limits()
            .set_marker(marker)
            .send()
            .await
            .during(&aws.scope, operation, "quotas")?;
        for limit in page.limits() {
            if let (Some(name), Some(Ok(most))) = (limit.name(), limit.max().map(str::parse)) {
                limits.insert(name.to_owned(), most);
            }
        }
        marker = page.next_marker;
        if marker.is_none() {
            return Ok(limits);
        }
    }
}

async fn balancers(aws: &Aws) -> Answer<u64> {
    let mut pages = aws.clients.elb().describe_load_balancers().into_paginator().items().send();
    let mut count = 0;
    while let Some(balancer) = pages.next().await {
        balancer.during(&aws.scope, "elasticloadbalancing:DescribeLoadBalancers", "quotas")?;
        count += 1;
    }
    Ok(count)
}

async fn target_groups(aws: &Aws) -> Answer<u64> {
    let mut pages = aws.clients.elb().describe_target_groups().into_paginator().items().send();
    let mut count = 0;
    while let Some(group) = pages.next().await {
        group.during(&aws.scope, "elasticloadbalancing:DescribeTargetGroups", "quotas")?;
        count += 1;
    }
    Ok(count)
}

/// What applies to the account or, where it never was raised, to all.
async fn quota(aws: &Aws, service: &str, code: &str) -> Answer<Limit> {
    let subject = format!("{service} {code}");
    let applied =
        aws.clients.quotas().get_service_quota().service_code(service).quota_code(code).send().await.during(
            &aws.scope,
            "servicequotas:GetServiceQuota",
            &subject,
        );
    let value = match applied {
        Ok(answer) => answer.quota.and_then(|quota| quota.value),
        Err(error) if error.kind == CloudErrorKind::NotFound => aws
            .clients
            .quotas()
            .get_aws_default_service_quota()
            .service_code(service)
            .quota_code(code)
            .send()
            .await
            .during(&aws.scope, "servicequotas:GetAWSDefaultServiceQuota", &subject)?
            .quota
            .and_then(|quota| quota.value),
        Err(error) => return Err(error),
    };
    let whole = value.filter(|value| (0.0..=1e12).contains(value)).map(|value| value as u64);
    let most = whole.ok_or_else(|| {
        failure(
            CloudErrorKind::Refused,
            "servicequotas:GetServiceQuota",
            &subject,
            "the answer has no value",
            None,
        )
    })?;
    Ok(Limit { most, used: None })
}
