//! What a load balancer of AWS counts by itself: requests of each target group
//! and its tasks' errors, told to CloudWatch.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use super::api::Api;
use super::load::{Answered, Counted};
use super::table::name_of;

/// Between two tellings; AWS's takes a minute.
const PAUSE: Duration = Duration::from_secs(1);

/// The thread that counts. Dropping it ends it.
#[derive(Debug)]
pub struct Meter {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Meter {
    pub(super) fn start(aws: SocketAddr, counted: Counted) -> Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("meter".to_owned()).spawn(move || {
            let mut api = Api::at(aws);
            let mut told = BTreeMap::new();
            while !ended.load(Ordering::Relaxed) {
                // What could not be told is told at the next turn.
                let _ = runtime.block_on(tell(&mut api, &counted, &mut told));
                thread::sleep(PAUSE);
            }
        })?;
        Ok(Self { ends, thread: Some(thread) })
    }
}

async fn tell(api: &mut Api, counted: &Counted, told: &mut BTreeMap<String, Answered>) -> Result<()> {
    let groups = api.balancing("DescribeTargetGroups", &[]).await?;
    for (group, answered) in counted.by_group() {
        let before = told.get(&group).copied().unwrap_or_default();
        let of_it = |it: &&super::xml::Element| name_of(it.text("TargetGroupArn")) == group;
        let Some(found) = groups.list("TargetGroups").iter().find(of_it).filter(|_| answered != before)
        else {
            continue;
        };
        let arn = found.text("TargetGroupArn");
        let balancer = found.text("LoadBalancerArns/member");
        let end = |arn: &str, mark: &str| arn.split_once(mark).map(|(_, end)| end.to_owned());
        let group_name = arn.rsplit_once(':').map_or(arn, |(_, end)| end);
        let balancer = end(balancer, ":loadbalancer/").context("the group has no load balancer")?;
        for (metric, more) in [
            ("RequestCount", answered.requests - before.requests),
            ("HTTPCode_Target_5XX_Count", answered.errors - before.errors),
        ] {
            // As AWS does, nothing is told of what did not happen.
            if more == 0 {
                continue;
            }
            api.metrics(&[
                ("Namespace", "AWS/ApplicationELB"),
                ("MetricData.member.1.MetricName", metric),
                ("MetricData.member.1.Value", &more.to_string()),
                ("MetricData.member.1.Unit", "Count"),
                ("MetricData.member.1.Dimensions.member.1.Name", "LoadBalancer"),
                ("MetricData.member.1.Dimensions.member.1.Value", &balancer),
                ("MetricData.member.1.Dimensions.member.2.Name", "TargetGroup"),
                ("MetricData.member.1.Dimensions.member.2.Value", group_name),
            ])
            .await?;
        }
        told.insert(group, answered);
    }
    Ok(())
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
