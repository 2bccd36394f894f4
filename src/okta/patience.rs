//! How long to wait for an answer.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use crate::{clock::Clock, mutation};

/// How long, in real time, an answer may be on its way while a test's clock stands still, and how
/// often it is looked for at least.
const STILL: Duration = Duration::from_millis(40);
const STILL_LOOKS: u32 = 400;
/// In a small world both sides of a connection are on one thread, so a few looks bring an answer
/// that is on its way. Otherwise the wait is for time to pass.
const LOOKS_IN_SMALL: u32 = 100;

/// What `future` gives, or `None` if it takes longer than `limit`.
///
/// Under tokio's paused clock, time jumps to the next timer whenever every task waits, for a socket
/// too, so a plain timeout would fire before the answer had a chance. There the answer is looked
/// for again and again first, which stops the clock. A peer that itself waits for time to pass gets
/// its time after that.
pub(crate) async fn within<F: Future>(
    clock: Clock,
    limit: Duration,
    future: F,
) -> Option<F::Output> {
    match clock {
        Clock::System => tokio::time::timeout(limit, future).await.ok(),
        Clock::Tokio { .. } => {
            let mut future = pin!(future);
            if let Some(output) = while_time_stands_still(future.as_mut()).await {
                return Some(output);
            }
            tokio::select! {
                biased;
                output = &mut future => Some(output),
                () = tokio::time::sleep(limit) => while_time_stands_still(future.as_mut()).await,
            }
        }
    }
}

async fn while_time_stands_still<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    let began = Instant::now();
    let (looks, still) = match mutation::in_small() {
        Some(_) => (LOOKS_IN_SMALL, Duration::ZERO),
        None => (STILL_LOOKS, STILL),
    };
    for look in 0_u32.. {
        if let std::task::Poll::Ready(output) = futures::poll!(future.as_mut()) {
            return Some(output);
        }
        if look >= looks && began.elapsed() >= still {
            break;
        }
        tokio::task::yield_now().await;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_is_given_up_when_its_time_is_over() {
        let clock = Clock::follow_tokio();
        let began = clock.now();

        let answer = within(clock, Duration::from_secs(30), std::future::pending::<()>()).await;

        assert_eq!(answer, None);
        let waited = clock.now().duration_since(began).as_secs();
        assert_eq!(waited, 30);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_late_but_in_time_is_taken() {
        let late = tokio::time::sleep(Duration::from_secs(29));

        let answer = within(Clock::follow_tokio(), Duration::from_secs(30), late).await;

        assert_eq!(answer, Some(()));
    }

    #[tokio::test]
    async fn the_systems_clock_counts_as_it_is() {
        let never = std::future::pending::<()>();

        assert_eq!(
            within(Clock::System, Duration::from_millis(5), never).await,
            None
        );
        assert_eq!(
            within(Clock::System, Duration::from_secs(5), async { 1 }).await,
            Some(1)
        );
    }
}
