//! Faults of the connection itself.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

/// Closes the connection that a request came on.
#[derive(Clone, Debug, Default)]
pub(crate) struct HangUp(Arc<Notify>);

impl HangUp {
    /// Never returns: the connection's task, and this call with it, is dropped.
    pub(crate) async fn now(&self) -> Infallible {
        self.0.notify_one();
        std::future::pending().await
    }

    /// Waits until somebody hangs up.
    pub(crate) async fn wanted(&self) {
        self.0.notified().await;
    }
}

/// A body that announces everything and breaks off in the middle.
#[derive(Debug)]
pub(crate) struct Cut {
    promised: u64,
    half: Option<Bytes>,
    flushed: bool,
}

impl Cut {
    pub(crate) fn of(body: &Bytes) -> Self {
        Self {
            promised: body.len() as u64,
            half: Some(body.slice(..body.len() / 2)),
            flushed: false,
        }
    }
}

impl Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.flushed {
            // The server sends what it has whenever it would have to wait, and
            // discards it on an error.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
