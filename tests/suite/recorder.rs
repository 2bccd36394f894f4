//! What is counted on this thread, which no other test shares while the recorder is its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit,
};

type Series = BTreeMap<(&'static str, Option<String>), Vec<f64>>;

/// Remembers every value of every metric.
#[derive(Default)]
pub struct Recorder(Arc<Mutex<Series>>);

struct One {
    series: Arc<Mutex<Series>>,
    key: (&'static str, Option<String>),
}

impl Recorder {
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of all that was told.
    pub fn names(&self) -> BTreeSet<&'static str> {
        self.0
            .lock()
            .unwrap()
            .keys()
            .map(|(name, _)| *name)
            .collect()
    }

    /// How many there were in all.
    pub fn flow(&self, name: &str) -> u64 {
        self.level(name).iter().sum::<f64>() as u64
    }

    /// Its values, one after another.
    pub fn level(&self, name: &str) -> Vec<f64> {
        let series = self.0.lock().unwrap();
        let values = series.iter().filter(|((of, _), _)| *of == name);
        values.flat_map(|(_, values)| values.clone()).collect()
    }

    /// How many there were of each kind.
    pub fn split(&self, name: &str) -> Vec<(String, u64)> {
        let series = self.0.lock().unwrap();
        let values = series.iter().filter(|((of, _), _)| *of == name);
        values
            .map(|((_, kind), values)| (kind.clone().unwrap(), values.iter().sum::<f64>() as u64))
            .collect()
    }

    fn one(&self, key: &Key) -> Arc<One> {
        let known = dynamodb_identity_source::metrics::ALL.iter();
        let name = known
            .map(|metric| metric.name)
            .find(|name| *name == key.name());
        Arc::new(One {
            series: Arc::clone(&self.0),
            key: (
                name.expect("it is in the catalogue"),
                key.labels().next().map(|label| label.value().to_owned()),
            ),
        })
    }
}

impl One {
    fn add(&self, value: f64) {
        let mut series = self.series.lock().unwrap();
        series.entry(self.key.clone()).or_default().push(value);
    }
}

impl CounterFn for One {
    fn increment(&self, value: u64) {
        if value > 0 {
            self.add(value as f64);
        }
    }

    fn absolute(&self, _: u64) {
        panic!("flows are added to")
    }
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.one(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("a gauge is told again by invocations that know nothing about it")
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.one(key))
    }
}
