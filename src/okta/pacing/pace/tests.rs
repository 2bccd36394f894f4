use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// What an answer at `now` says, by a clock that agrees with ours.
fn says(limit: u32, remaining: u32, reset: i64, now: i64) -> Option<RateHeaders> {
    Some(RateHeaders {
        limit,
        remaining,
        reset,
        wait: Duration::from_secs(u64::try_from(reset - now).unwrap()),
    })
}

fn go(pace: &mut Pace, now: i64) -> Ticket {
    match pace.ask(at(now)) {
        Turn::Go(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

/// How many may go at once.
fn all_that_go(pace: &mut Pace, now: i64) -> (Vec<Ticket>, Turn) {
    let mut gone = Vec::new();
    loop {
        match pace.ask(at(now)) {
            Turn::Go(ticket) if gone.len() < 1_000 => gone.push(ticket),
            turn => return (gone, turn),
        }
    }
}

#[test]
fn the_first_goes_alone_and_the_others_follow_its_answer() {
    let mut pace = Pace::new();
    let (scouts, next) = all_that_go(&mut pace, 0);
    assert_eq!((scouts.len(), next), (1, Turn::AfterAnswer));

    pace.answered(scouts[0], says(15, 14, 60, 1), at(1));

    let (others, next) = all_that_go(&mut pace, 1);
    assert_eq!((others.len(), next), (14, Turn::At(at(60))));
}

#[test]
fn the_next_window_begins_with_one_alone_too() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);
    pace.answered(scout, says(15, 0, 60, 0), at(0));
    assert_eq!(pace.ask(at(59)), Turn::At(at(60)));

    let (scouts, next) = all_that_go(&mut pace, 60);

    assert_eq!((scouts.len(), next), (1, Turn::AfterAnswer));
    pace.answered(scouts[0], says(15, 14, 120, 61), at(61));
    assert_eq!(all_that_go(&mut pace, 61).0.len(), 14);
}

#[test]
fn answers_that_come_in_any_order_give_nothing_back() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);
    pace.answered(scout, says(15, 14, 60, 0), at(0));
    let mut tickets: Vec<_> = (0..10).map(|_| go(&mut pace, 1)).collect();

    // The last that Okta counted is the first to be answered.
    pace.answered(tickets.remove(9), says(15, 4, 60, 2), at(2));
    pace.answered(tickets.remove(0), says(15, 13, 60, 2), at(2));

    assert_eq!(all_that_go(&mut pace, 2).0.len(), 4);
}

#[test]
fn what_others_use_up_is_believed() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);
    pace.answered(scout, says(15, 14, 60, 0), at(0));
    let ticket = go(&mut pace, 1);

    pace.answered(ticket, says(15, 2, 60, 1), at(1));

    assert_eq!(all_that_go(&mut pace, 1).0.len(), 2);
}

#[test]
fn those_still_under_way_when_a_window_begins_may_count_in_it() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);
    pace.answered(scout, says(15, 14, 60, 0), at(0));
    let mut tickets: Vec<_> = (0..5).map(|_| go(&mut pace, 59)).collect();

    pace.answered(tickets.remove(0), says(15, 14, 120, 60), at(60));

    assert_eq!(all_that_go(&mut pace, 60).0.len(), 10);
}

#[test]
fn a_straggler_of_the_last_window_changes_nothing() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);
    pace.answered(scout, says(15, 14, 60, 0), at(0));
    let straggler = go(&mut pace, 59);
    let scout = go(&mut pace, 60);
    pace.answered(scout, says(15, 14, 120, 61), at(61));

    pace.answered(straggler, says(15, 0, 60, 60), at(61));

    assert_eq!(all_that_go(&mut pace, 61).0.len(), 13);
}

#[test]
fn a_429_holds_everybody_back_until_the_reset() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);
    pace.answered(scout, says(15, 14, 60, 0), at(0));
    let refused = go(&mut pace, 10);

    let again = pace.refused(refused, says(15, 0, 60, 10), None, at(10));

    assert_eq!(again, at(60));
    assert_eq!(pace.ask(at(59)), Turn::At(at(60)));
    assert_eq!(all_that_go(&mut pace, 60).0.len(), 1);
}

#[test]
fn a_429_for_too_many_at_once_has_only_a_reset() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);

    let again = pace.refused(scout, says(0, 0, 5, 0), None, at(0));

    assert_eq!(again, at(5));
    let (scouts, next) = all_that_go(&mut pace, 5);
    assert_eq!((scouts.len(), next), (1, Turn::AfterAnswer));
}

#[test]
fn a_429_that_says_nothing_or_names_a_past_reset_is_a_wait_all_the_same() {
    for (headers, retry_after, again) in [
        (None, None, 10),
        (None, Some(7), 7),
        (None, Some(u64::MAX), 3600),
        (says(15, 0, 0, 0), None, 1),
        (says(15, 0, 0, 0), Some(7), 1),
    ] {
        let mut pace = Pace::new();
        let scout = go(&mut pace, 0);

        let retry_after = retry_after.map(Duration::from_secs);
        assert_eq!(pace.refused(scout, headers, retry_after, at(0)), at(again));
    }
}

#[test]
fn a_lost_request_counts_and_an_unsent_one_does_not() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);
    pace.answered(scout, says(15, 2, 60, 0), at(0));
    let (lost, unsent) = (go(&mut pace, 0), go(&mut pace, 0));

    pace.lost(lost);
    assert_eq!(pace.ask(at(0)), Turn::At(at(60)));

    pace.unused(unsent);
    assert_eq!(all_that_go(&mut pace, 0).0.len(), 1);
}

#[test]
fn a_lost_scout_is_followed_by_another() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);
    assert_eq!(pace.ask(at(0)), Turn::AfterAnswer);

    pace.lost(scout);

    assert_eq!(all_that_go(&mut pace, 0).0.len(), 1);
}

#[test]
fn without_the_headers_nobody_waits() {
    let mut pace = Pace::new();
    let scout = go(&mut pace, 0);

    pace.answered(scout, None, at(0));

    assert_eq!(all_that_go(&mut pace, 0).0.len(), 1_000);
}

/// Okta's side of it: so many in a window that begins with its first request.
struct Counter {
    limit: u32,
    used: u32,
    ends: i64,
}

impl Counter {
    fn count(&mut self, now: i64) -> Result<Option<RateHeaders>, ()> {
        if now >= self.ends {
            (self.ends, self.used) = (now + 60, 0);
        }
        self.used += 1;
        if self.used > self.limit {
            return Err(());
        }
        Ok(says(self.limit, self.limit - self.used, self.ends, now))
    }
}

proptest::proptest! {
    /// However long answers take and in whatever order they come, nobody is
    /// refused, and it takes just the windows that the limit demands.
    #[test]
    fn fifty_requests_take_what_the_limit_demands_and_none_is_refused(
        limit in 1_u32..20,
        delays in proptest::collection::vec(0_i64..3, 50),
    ) {
        let mut pace = Pace::new();
        let mut okta = Counter { limit, used: 0, ends: 0 };
        let mut under_way: Vec<(i64, Ticket, Option<RateHeaders>)> = Vec::new();
        let mut delays = delays.into_iter().peekable();
        let mut now = 0;
        let mut windows = 0_u32;

        while delays.peek().is_some() {
            under_way.retain(|(back, ticket, headers)| {
                let answered = *back <= now;
                if answered {
                    let late = u64::try_from(now - back).unwrap();
                    let headers = headers.map(|headers| RateHeaders {
                        wait: headers.wait.saturating_sub(Duration::from_secs(late)),
                        ..headers
                    });
                    pace.answered(*ticket, headers, at(now));
                }
                !answered
            });
            while delays.peek().is_some() && let Turn::Go(ticket) = pace.ask(at(now)) {
                windows += u32::from(now >= okta.ends);
                let headers = okta.count(now);
                proptest::prop_assert!(headers.is_ok(), "refused at {}", now);
                let delay = delays.next().unwrap();
                under_way.push((now + delay, ticket, headers.unwrap()));
            }
            now += 1;
        }

        proptest::prop_assert_eq!(windows, 50_u32.div_ceil(limit));
    }
}
