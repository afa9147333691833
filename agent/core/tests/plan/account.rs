//! An imaginary account: it does what plans say, in the order of their steps,
//! and refuses what AWS would refuse.

use std::collections::BTreeMap;

use pointsman_core::{
    Address,
    desired::{Neighbour, Network, Subnet, Surroundings, wanted},
    environment::Environment,
    plan::{Action, Change, Conflict, Inputs, Plan, StepKind, plan, steps},
    resource::{Desired, Link, Observed, Owner, Readiness, Resource, Tags},
    state::{State, retired_address},
};

#[derive(Debug, Default)]
pub struct Account {
    /// What stands, by id.
    objects: BTreeMap<String, Observed>,
    state: Option<State>,
    made: u32,
}

impl Account {
    pub fn plan(&self, environment: &Environment) -> Result<Plan, Vec<Conflict>> {
        self.plan_for(environment, false)
    }

    pub fn plan_to_destroy(&self, environment: &Environment) -> Plan {
        self.plan_for(environment, true).expect("everything can go")
    }

    fn plan_for(&self, environment: &Environment, destroy: bool) -> Result<Plan, Vec<Conflict>> {
        let zone = |id: &str, zone: &str| Subnet { id: id.to_owned(), zone: zone.to_owned() };
        let network = Network {
            vpc: "vpc-0a".to_owned(),
            subnets: BTreeMap::from([
                ("private".to_owned(), vec![zone("subnet-0a", "a"), zone("subnet-0b", "b")]),
                ("public".to_owned(), vec![zone("subnet-0c", "a"), zone("subnet-0d", "b")]),
            ]),
        };
        let access_point = ("access_point".to_owned(), "fsap-0a".to_owned());
        let files = Neighbour { id: "fs-0a".to_owned(), attributes: BTreeMap::from([access_point]) };
        let archive = Neighbour { id: "fs-0b".to_owned(), attributes: BTreeMap::new() };
        let externals = BTreeMap::from([("files".to_owned(), files), ("archive".to_owned(), archive)]);
        let surroundings = Surroundings { network, externals };
        let wanted = wanted(environment, &surroundings, None);
        let mut observed = BTreeMap::new();
        for (address, recorded) in self.state.iter().flat_map(|state| &state.objects) {
            if let Some(object) = self.objects.get(&recorded.id) {
                observed.insert(address.clone(), object.clone());
            }
        }
        for desired in &wanted.objects {
            if let Some(object) = self.by_name(&desired.resource) {
                observed.entry(desired.address.clone()).or_insert_with(|| object.clone());
            }
        }
        let (desired, unwanted) = if destroy { (vec![], wanted.objects) } else { (wanted.objects, vec![]) };
        plan(&Inputs {
            environment: &environment.name,
            commit: None,
            account: &environment.file.aws.account,
            region: &environment.file.aws.region,
            desired: &desired,
            unwanted: &unwanted,
            held: &wanted.held,
            observed: &observed,
            state: self.state.as_ref(),
            ignore: &environment.file.drift.ignore,
        })
    }

    pub fn deploy(&mut self, environment: &Environment) {
        let plan = self.plan(environment).expect("it can be planned");
        self.apply(&plan);
    }

    /// Does what a plan says.
    pub fn apply(&mut self, plan: &Plan) {
        let mut state =
            self.state.take().unwrap_or_else(|| State::new(plan.environment.clone(), "lineage".to_owned()));
        for address in &plan.forget {
            state.objects.remove(address);
        }
        let steps = steps(plan);
        let mut done = vec![false; steps.len()];
        while let Some(next) = (0..steps.len())
            .find(|step| !done[*step] && steps[*step].after.iter().all(|before| done[*before]))
        {
            done[next] = true;
            let change = &plan.changes[steps[next].change];
            match steps[next].kind {
                StepKind::Make => self.make(&mut state, change),
                StepKind::Remove => self.remove(&mut state, change),
            }
        }
        assert!(done.iter().all(|done| *done), "some steps wait for each other");
        self.state = Some(state);
    }

    fn make(&mut self, state: &mut State, change: &Change) {
        let mut desired: Desired = change.desired.clone().expect("what is made is described");
        for link in desired.resource.spec_mut().links_mut() {
            if let Link::To { address, attribute } = link {
                let recorded = state.objects.get(address).expect("what is linked to stands");
                let object = &self.objects[&recorded.id];
                *link = Link::Known(object.attribute(attribute).expect("it has that attribute").to_owned());
            }
        }
        let replaced = matches!(change.action, Action::Create | Action::Replace)
            || matches!((&desired.resource, change.action), (Resource::TaskDefinition(_), Action::Rollout));
        let id = match (&change.observed, replaced) {
            (Some(observed), false) => observed.id.clone(),
            _ => {
                if !matches!(desired.resource, Resource::TaskDefinition(_)) {
                    assert!(self.by_name(&desired.resource).is_none(), "{} exists twice", change.address);
                }
                self.made += 1;
                format!("id-{}", self.made)
            }
        };
        const ATTRIBUTES: [&str; 10] = [
            "arn",
            "dns_name",
            "endpoint",
            "port",
            "zone_id",
            "name",
            "url",
            "domain_name",
            "version",
            "composed_of",
        ];
        let attributes = ATTRIBUTES.map(|name| (name.to_owned(), format!("{name} of {}", change.address)));
        let object = Observed {
            resource: desired.resource.clone(),
            id: id.clone(),
            attributes: attributes.into(),
            owner: desired.resource.tags().map_or_else(|| parents(state, &desired), Tags::owner),
            readiness: Readiness::Ready,
        };
        if change.action == Action::Replace {
            state.retire(&desired.address);
        }
        state.record(&desired, &object, &change.dependencies).expect("it can be recorded");
        self.objects.insert(id, object);
    }

    fn remove(&mut self, state: &mut State, change: &Change) {
        let object = change.observed.as_ref().expect("what is deleted stands");
        let users: Vec<&str> = self
            .objects
            .values()
            .filter(|other| other.id != object.id)
            // Task definitions of former revisions may name what is gone.
            .filter(|other| !matches!(other.resource, Resource::TaskDefinition(_)))
            .filter(|other| other.resource.spec().links().iter().any(|link| link.known() == Some(&object.id)))
            .map(|other| other.id.as_str())
            .collect();
        assert!(users.is_empty(), "{} is deleted while {users:?} use it", change.address);
        self.objects.remove(&object.id);
        if matches!(object.resource, Resource::TaskDefinition(_)) {
            let family = object.resource.spec().name();
            self.objects.retain(|_, other| {
                !matches!(other.resource, Resource::TaskDefinition(_))
                    || other.resource.spec().name() != family
            });
        }
        match change.action {
            Action::Replace => state.objects.remove(&retired_address(&change.address, &object.id)),
            _ => state.objects.remove(&change.address),
        };
    }

    /// What stands of a kind under a name; for task definitions the newest.
    fn by_name(&self, wanted: &Resource) -> Option<&Observed> {
        let scope = |resource: &Resource| match resource {
            Resource::Service(service) => service.cluster.clone(),
            Resource::Listener(listener) => format!("{:?}", listener.load_balancer),
            Resource::ListenerRule(rule) => format!("{:?}", rule.listener),
            Resource::ScalingPolicy(policy) => format!("{:?}", policy.target),
            Resource::ScheduledAction(action) => format!("{:?}", action.target),
            _ => String::new(),
        };
        self.objects
            .values()
            .filter(|object| object.resource.kind() == wanted.kind())
            .filter(|object| object.resource.spec().name() == wanted.spec().name())
            .filter(|object| {
                let known = matches!(wanted, Resource::Service(_))
                    || wanted.spec().links().first().is_none_or(|link| link.known().is_some());
                !known || scope(&object.resource) == scope(wanted)
            })
            .max_by_key(|object| object.id.trim_start_matches("id-").parse::<u32>().unwrap_or_default())
    }

    /// The living object at an address, to be changed by hand.
    pub fn live(&mut self, address: &str) -> &mut Resource {
        let id = self.id(address);
        &mut self.objects.get_mut(&id).expect("it stands").resource
    }

    /// The fields of the object at an address.
    pub fn fields(&self, address: &Address) -> Vec<String> {
        let fields = self.recorded(address).resource.spec().fields();
        fields.into_iter().map(|field| field.name).collect()
    }

    /// Someone changes a field of the object at an address.
    pub fn change_by_hand(&mut self, address: &Address, field: &str) {
        let Observed { id, resource, .. } = self.recorded(address);
        let (id, before) = (id.clone(), serde_json::to_value(resource).expect("it can be written"));
        // What is absent may be a text or a number.
        let after = ["by-hand".into(), 1.into()].into_iter().find_map(|new| {
            let mut json = before.clone();
            let value = found(&mut json["spec"], field).unwrap_or_else(|| panic!("{address} has no {field}"));
            *value = altered(value, &new);
            serde_json::from_value(json).ok()
        });
        self.objects.get_mut(&id).expect("it stands").resource = after.expect("it can be read");
    }

    fn recorded(&self, address: &Address) -> &Observed {
        let state = self.state.as_ref().expect("something was deployed");
        &self.objects[&state.objects[address].id]
    }

    fn id(&self, address: &str) -> String {
        let address = Address::parse(address).expect("an address");
        let owned = |object: &&Observed| {
            let tagged = object.resource.tags().map_or_else(|| object.owner.clone(), Tags::owner);
            matches!(tagged, Owner::Environment { address: at, .. } if at == address)
        };
        self.objects.values().find(owned).expect("it stands").id.clone()
    }

    pub fn tag(&mut self, address: &str, key: &str, value: &str) {
        let resource = self.live(address);
        let own = resource.tags_mut().expect("it has tags");
        let tags = own.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
        *own = Tags::observed(tags.chain([(key.to_owned(), value.to_owned())]).collect::<Vec<_>>());
    }

    /// As if someone else had made it.
    pub fn give_to(&mut self, address: &str, owner: Owner) {
        let id = self.id(address);
        self.objects.get_mut(&id).expect("it stands").owner = owner;
    }

    /// Loses the state.
    pub fn forget_everything(&mut self) {
        self.state = None;
    }

    /// Where objects of a kind stand.
    pub fn addresses(&self, kind: &str) -> Vec<Address> {
        let recorded = self.state.iter().flat_map(|state| &state.objects);
        let of_kind = recorded.filter(|(_, recorded)| recorded.resource.kind().as_str() == kind);
        of_kind.map(|(address, _)| address.clone()).collect()
    }

    /// All that stands.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.objects.values().map(|object| &object.resource)
    }

    pub fn standing(&self) -> Vec<String> {
        self.objects.values().map(|object| object.resource.spec().name()).collect()
    }
}

/// What has no tags belongs to whom its parent belongs to.
fn parents(state: &State, desired: &Desired) -> Owner {
    Owner::Environment { environment: state.environment.to_string(), address: desired.address.clone() }
}

/// Where a field is: along its dotted name, or somewhere below.
fn found<'a>(value: &'a mut serde_json::Value, field: &str) -> Option<&'a mut serde_json::Value> {
    let pointer = format!("/{}", field.replace('.', "/"));
    if value.pointer(&pointer).is_some() {
        return value.pointer_mut(&pointer);
    }
    value.as_object_mut()?.values_mut().find_map(|below| found(below, field))
}

/// Another value of the same form; a new one in place of none.
fn altered(value: &serde_json::Value, new: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => format!("{text}-by-hand").into(),
        Value::Number(number) => (number.as_u64().expect("small numbers") + 1).into(),
        Value::Bool(yes) => (!yes).into(),
        Value::Array(items) if items.is_empty() => vec![new.clone()].into(),
        Value::Array(items) => items.iter().map(|item| altered(item, new)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), altered(value, new))).collect())
        }
        Value::Null => new.clone(),
    }
}
