use super::{Desired, Link, Observed, Resource};
use crate::Address;

/// Objects that stand, or will stand, together: what one refers to in another
/// can be looked up.
#[derive(Clone, Debug, Default)]
pub struct Estate<'a> {
    objects: Vec<Member<'a>>,
}

#[derive(Clone, Debug)]
struct Member<'a> {
    address: &'a Address,
    /// AWS's name for it, where it is known.
    id: Option<&'a str>,
    resource: &'a Resource,
}

impl<'a> Estate<'a> {
    /// What should be.
    pub fn of_desired(desired: impl IntoIterator<Item = &'a Desired>) -> Self {
        let member = |desired: &'a Desired| Member {
            address: &desired.address,
            id: None,
            resource: &desired.resource,
        };
        Self { objects: desired.into_iter().map(member).collect() }
    }

    /// What lives.
    pub fn of_observed(observed: impl IntoIterator<Item = (&'a Address, &'a Observed)>) -> Self {
        let member = |(address, observed): (&'a Address, &'a Observed)| Member {
            address,
            id: Some(&observed.id),
            resource: &observed.resource,
        };
        Self { objects: observed.into_iter().map(member).collect() }
    }

    /// Every object with its address.
    pub fn iter(&self) -> impl Iterator<Item = (&'a Address, &'a Resource)> {
        self.objects.iter().map(|member| (member.address, member.resource))
    }

    /// The object at an address.
    pub fn at(&self, address: &Address) -> Option<&'a Resource> {
        self.objects.iter().find(|member| member.address == address).map(|member| member.resource)
    }

    /// The object that a link leads to.
    pub fn behind(&self, link: &Link) -> Option<&'a Resource> {
        match link {
            Link::To { address, attribute: _ } => self.at(address),
            Link::Known(id) => {
                self.objects.iter().find(|member| member.id == Some(id)).map(|member| member.resource)
            }
        }
    }
}
