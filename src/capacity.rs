//! What the two tables are asked to count: the capacity that a run consumes of them.
//!
//! DynamoDB gives it in every answer, if it is asked to. A [`Meter`] does both for a client,
//! whatever that client is used for, so no call can be forgotten.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{
            AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
        },
    },
    error::{BoxError, ProvideErrorMetadata},
    operation::{
        batch_get_item::{BatchGetItemError, BatchGetItemInput, BatchGetItemOutput},
        batch_write_item::{BatchWriteItemError, BatchWriteItemInput, BatchWriteItemOutput},
        delete_item::{DeleteItemError, DeleteItemInput, DeleteItemOutput},
        get_item::{GetItemError, GetItemInput, GetItemOutput},
        put_item::{PutItemError, PutItemInput, PutItemOutput},
        scan::{ScanError, ScanInput, ScanOutput},
        update_item::{UpdateItemError, UpdateItemInput, UpdateItemOutput},
    },
    types::{ConsumedCapacity, ReturnConsumedCapacity},
};

/// Counts what a table's answers say was consumed.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Halves>);

/// Units come in halves: an eventually consistent read of 4 KB takes one half.
#[derive(Debug, Default)]
struct Halves {
    read: AtomicU64,
    written: AtomicU64,
    throttled: AtomicU64,
}

/// Read and write request units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Units {
    /// Of reads.
    pub read: f64,
    /// Of writes.
    pub written: f64,
}

impl Meter {
    /// A client like this one, over the same connections, and the meter for it.
    #[must_use]
    pub fn on(client: &Client) -> (Client, Self) {
        let meter = Self::default();
        let config = client.config().to_builder().interceptor(meter.clone());
        (Client::from_conf(config.build()), meter)
    }

    /// Begins again at zero.
    pub fn reset(&self) {
        self.0.read.store(0, Ordering::Relaxed);
        self.0.written.store(0, Ordering::Relaxed);
        self.0.throttled.store(0, Ordering::Relaxed);
    }

    /// How many requests DynamoDB has throttled since the meter was reset. Each try counts.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        self.0.throttled.load(Ordering::Relaxed)
    }

    /// What was consumed since the meter was reset.
    #[must_use]
    pub fn units(&self) -> Units {
        let units = |halves: &AtomicU64| halves.load(Ordering::Relaxed) as f64 / 2.0;
        Units {
            read: units(&self.0.read),
            written: units(&self.0.written),
        }
    }
}

/// DynamoDB's codes when a table's capacity, or the account's, is used up (Amazon DynamoDB's
/// developer guide, *Error handling*).
const THROTTLED: [&str; 3] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
];

/// Whether DynamoDB has throttled a request.
pub(crate) fn is_throttled(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| THROTTLED.contains(&code))
}

/// Calls a macro with the names that differ from one operation to the next: input, output, error,
/// and what it consumes.
macro_rules! for_each_operation {
    ($what:ident) => {
        $what!(ScanInput, ScanOutput, ScanError, read);
        $what!(GetItemInput, GetItemOutput, GetItemError, read);
        $what!(
            BatchGetItemInput,
            BatchGetItemOutput,
            BatchGetItemError,
            read
        );
        $what!(PutItemInput, PutItemOutput, PutItemError, written);
        $what!(UpdateItemInput, UpdateItemOutput, UpdateItemError, written);
        $what!(DeleteItemInput, DeleteItemOutput, DeleteItemError, written);
        $what!(
            BatchWriteItemInput,
            BatchWriteItemOutput,
            BatchWriteItemError,
            written
        );
    };
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut();
        macro_rules! ask {
            ($input:ty, $output:ty, $error:ty, $kind:ident) => {
                if let Some(input) = input.downcast_mut::<$input>() {
                    input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
                    return Ok(());
                }
            };
        }
        for_each_operation!(ask);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let output = match context.output_or_error() {
            Ok(output) => output,
            Err(error) => {
                let error = error.as_operation_error();
                macro_rules! throttled {
                    ($input:ty, $output:ty, $error:ty, $kind:ident) => {
                        let error = error.and_then(|error| error.downcast_ref::<$error>());
                        if error.is_some_and(is_throttled) {
                            self.0.throttled.fetch_add(1, Ordering::Relaxed);
                        }
                    };
                }
                for_each_operation!(throttled);
                return Ok(());
            }
        };
        macro_rules! count {
            ($input:ty, $output:ty, $error:ty, $kind:ident) => {
                if let Some(output) = output.downcast_ref::<$output>() {
                    let consumed = output.consumed_capacity.as_ref().map_or(0, Told::halves);
                    self.0.$kind.fetch_add(consumed, Ordering::Relaxed);
                    return Ok(());
                }
            };
        }
        for_each_operation!(count);
        Ok(())
    }
}

/// What an answer says was consumed, in halves.
trait Told {
    fn halves(&self) -> u64;
}

impl Told for ConsumedCapacity {
    fn halves(&self) -> u64 {
        (self.capacity_units.unwrap_or(0.0) * 2.0).round() as u64
    }
}

/// A batch gives it for each of its tables.
impl Told for Vec<ConsumedCapacity> {
    fn halves(&self) -> u64 {
        self.iter().map(Told::halves).sum()
    }
}
