//! What a month costs, from a price table in this folder: exact in its
//! figures, honest about what no file tells.

mod charges;
mod money;
mod prices;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use charges::{Charge, HOURS, NotCounted, Number, Per, Unit, Usage};
pub use money::Dollars;
pub use prices::PriceTable;

use crate::{Address, resource::Estate};
use charges::{Standing, bill};

/// What an environment costs in a month, before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Whose prices.
    pub region: String,
    /// The month of the price table, `2026-11`; none when it has no prices of
    /// this region: then nothing is estimated.
    pub prices: Option<String>,
    /// What lives.
    pub before: Monthly,
    /// What will live.
    pub after: Monthly,
    /// Every object that costs something, before or after.
    pub items: Vec<CostItem>,
    /// What is left out, because it depends on use or has no price.
    pub not_counted: Vec<NotCounted>,
}

/// What one object costs in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostItem {
    /// Which.
    pub address: Address,
    /// As it lives.
    pub before: Monthly,
    /// As it will live.
    pub after: Monthly,
    /// The lines of its bill: as it will live, or lived.
    pub charges: Vec<Charge>,
}

/// Dollars a month: where an autoscaler decides, at its bounds as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monthly {
    /// With as few tasks as may be.
    pub low: Dollars,
    /// With as many as at first, or now.
    pub usual: Dollars,
    /// With as many as may be.
    pub high: Dollars,
}

impl std::iter::Sum for Monthly {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), |sum, one| Self {
            low: sum.low + one.low,
            usual: sum.usual + one.usual,
            high: sum.high + one.high,
        })
    }
}

impl Cost {
    /// What these objects cost in a month, as they live and as they should be.
    /// Each line is rounded to a cent, so that a sum is the sum of its lines.
    pub fn between(region: &str, lives: &Estate<'_>, wanted: &Estate<'_>) -> Self {
        let table = PriceTable::built_in();
        let mut cost = Self { region: region.to_owned(), ..Self::default() };
        let Some(prices) = table.of_region(region) else { return cost };
        cost.prices = Some(table.date.clone());
        let bills = |estate: &Estate<'_>| -> BTreeMap<Address, charges::Bill> {
            let of = |(address, resource)| {
                let standing = Standing { address, estate, lives };
                (address.clone(), bill(resource, &standing, prices))
            };
            estate.iter().map(of).collect()
        };
        let (mut before, mut after) = (bills(lives), bills(wanted));
        let addresses: BTreeSet<Address> = before.keys().chain(after.keys()).cloned().collect();
        for address in addresses {
            let (old, new) = (before.remove(&address), after.remove(&address));
            let sum = |bill: Option<&charges::Bill>| {
                bill.iter().flat_map(|bill| &bill.charges).map(|charge| charge.monthly).sum::<Monthly>()
            };
            let (before, after) = (sum(old.as_ref()), sum(new.as_ref()));
            let Some(shown) = new.or(old) else { continue };
            cost.not_counted.extend(shown.not_counted.into_iter().map(|(usage, price)| NotCounted {
                address: address.clone(),
                usage,
                price,
            }));
            if !shown.charges.is_empty() {
                cost.items.push(CostItem { address, before, after, charges: shown.charges });
            }
        }
        cost.before = cost.items.iter().map(|item| item.before).sum();
        cost.after = cost.items.iter().map(|item| item.after).sum();
        cost
    }

    /// What an environment costs as its file describes it; nothing is asked of AWS.
    pub fn of_file(environment: &crate::environment::Environment) -> Self {
        let surroundings = crate::desired::Surroundings::default();
        let wanted = crate::desired::wanted(environment, &surroundings, None);
        Self::between(&environment.file.aws.region, &Estate::default(), &Estate::of_desired(&wanted.objects))
    }

    /// Whether it costs the same.
    pub fn is_unchanged(&self) -> bool {
        self.before == self.after
    }
}
