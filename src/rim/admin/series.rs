//! Families of series that are of routes and listeners, and go with them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Metric, Registry};

/// The first label is `route`.
pub(super) type Labels = Vec<(&'static str, String)>;

/// A family.
pub(super) struct Series<M> {
    family: Family<Labels, M, fn() -> M>,
    /// What there is of each route.
    made: Arc<Mutex<HashMap<String, HashSet<Labels>>>>,
}

impl<M: Clone> Series<M> {
    /// Without a series yet. `make` makes one.
    pub(super) fn register(registry: &mut Registry, name: &str, help: &str, make: fn() -> M) -> Self
    where
        Family<Labels, M, fn() -> M>: Metric,
    {
        let family = Family::new_with_constructor(make);
        registry.register(name, help, family.clone());
        Self {
            family,
            made: Arc::default(),
        }
    }

    /// One of its series.
    pub(super) fn get_or_create_owned(&self, labels: &Labels) -> M {
        let mut made = self.made();
        let of_route = made.entry(labels[0].1.clone()).or_default();
        if !of_route.contains(labels) {
            of_route.insert(labels.clone());
        }
        self.family.get_or_create_owned(labels)
    }

    /// The route is gone, and its series with it.
    pub(super) fn forget(&self, route: &str) {
        for labels in self.made().remove(route).into_iter().flatten() {
            self.family.remove(&labels);
        }
    }

    /// Of what there is of the route, only these stay.
    pub(super) fn retain(&self, route: &str, stays: impl Fn(&Labels) -> bool) {
        let mut made = self.made();
        let of_route = made.get_mut(route).into_iter();
        for labels in of_route.flat_map(|of_route| of_route.extract_if(|labels| !stays(labels))) {
            self.family.remove(&labels);
        }
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, HashSet<Labels>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
