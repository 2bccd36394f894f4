//! Reading all of the users table.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    operation::scan::{ScanOutput, builders::ScanFluentBuilder},
    types::AttributeValue,
};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    capacity::is_throttled,
    mutation::{self, Mutation},
};

use super::{Attributes, KeySchema, ReadError, Record, UsersTable, attributes::Projection};

/// Segments of a full read, all in flight at once. More would not help: a Lambda function of the
/// sizes we recommend has one or two processors.
const SEGMENTS: i32 = 8;
/// Pages that wait to be taken: enough to keep the segments busy, few enough to stay small.
const PAGES_WAITING: usize = SEGMENTS as usize;
/// How long a page waits, in seconds, after the SDK has given it up as throttled.
const PAUSES: [u64; 3] = [5, 15, 45];

impl UsersTable {
    /// Reads every record, in several segments at once. Each segment is a task of its own, which
    /// also turns its records into what the caller wants. Pages arrive as they are ready. Reads are
    /// consistent: a record that was written before the read began is seen as it is.
    #[must_use]
    pub fn read_all<T: Send + 'static>(
        &self,
        attributes: &Attributes,
        turn: impl Fn(&KeySchema, Record) -> T + Clone + Send + 'static,
    ) -> Pages<T> {
        let (sender, pages) = mpsc::channel(PAGES_WAITING);
        let mut segments = JoinSet::new();
        let all = mutation::in_small().map_or(SEGMENTS, |small| small.segments);
        for segment in 0..all {
            let (table, attributes, turn, sender) = (
                self.clone(),
                attributes.clone(),
                turn.clone(),
                sender.clone(),
            );
            segments.spawn(async move {
                if let Err(error) = table
                    .read_segment((segment, all), &attributes, turn, &sender)
                    .await
                    && !mutation::on(Mutation::SegmentErrorIsIgnored)
                {
                    // If nobody listens any more, nobody needs the error either.
                    let _ = sender.send(Err(error)).await;
                }
            });
        }
        Pages { pages, segments }
    }

    async fn read_segment<T>(
        &self,
        (segment, all): (i32, i32),
        attributes: &Attributes,
        turn: impl Fn(&KeySchema, Record) -> T,
        sender: &mpsc::Sender<Result<Vec<T>, ReadError>>,
    ) -> Result<(), ReadError> {
        let schema = self.schema().await?;
        let projection = Projection::new(schema, attributes);
        let scan = self
            .client
            .scan()
            .table_name(&self.name)
            .segment(segment)
            .total_segments(all)
            .consistent_read(true)
            .set_projection_expression(projection.expression)
            .set_expression_attribute_names(projection.names);
        let mut start = None;
        loop {
            let answer = self.page(&scan, start).await?;
            let items = answer.items.unwrap_or_default();
            let page = items
                .into_iter()
                .map(|item| turn(schema, Record(item)))
                .collect();
            start = answer.last_evaluated_key;
            if sender.send(Ok(page)).await.is_err() || start.is_none() {
                return Ok(());
            }
        }
    }

    /// One page, when it is time for it. If it is throttled, however often the SDK has tried, it is
    /// asked for again a while later: others have a share in a table's capacity, too.
    async fn page(
        &self,
        scan: &ScanFluentBuilder,
        start: Option<HashMap<String, AttributeValue>>,
    ) -> Result<ScanOutput, ReadError> {
        let mut pauses = PAUSES.iter();
        loop {
            self.pace.turn(&self.meter).await;
            let page = scan
                .clone()
                .set_limit(self.pace.page())
                .set_exclusive_start_key(start.clone())
                .send()
                .await;
            match page {
                Ok(page) => {
                    let units = page.consumed_capacity.as_ref();
                    let units = units.and_then(|told| told.capacity_units);
                    self.pace
                        .read(units.unwrap_or_default(), page.items().len());
                    return Ok(page);
                }
                Err(error) => match pauses.next() {
                    Some(pause) if is_throttled(&error) => {
                        tokio::time::sleep(Duration::from_secs(*pause)).await;
                    }
                    _ => return Err(ReadError::of("scanning", &error)),
                },
            }
        }
    }
}

/// A full read under way. Dropping it stops the read.
#[derive(Debug)]
pub struct Pages<T> {
    pages: mpsc::Receiver<Result<Vec<T>, ReadError>>,
    segments: JoinSet<()>,
}

impl<T: 'static> Pages<T> {
    /// The next page, in no particular order. `None` once every record has been read.
    ///
    /// # Errors
    /// When a page could not be read, or a segment's task died. After an error the caller has not
    /// seen every record.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, ReadError> {
        if let Some(page) = self.pages.recv().await {
            return page.map(Some);
        }
        // The channel closes when the last segment drops its end, by finishing or by panicking.
        while let Some(segment) = self.segments.join_next().await {
            segment.map_err(|error| ReadError {
                doing: "scanning",
                why: error.to_string(),
            })?;
        }
        Ok(None)
    }
}
