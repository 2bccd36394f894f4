use super::*;
use crate::ledger::Told;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap()
}

fn id(number: u64) -> SessionId {
    SessionId::from(format!("aps{number}"))
}

/// A log of sessions that were opened one after another and ended so.
fn log_of(ends: &[Option<End>]) -> SessionLog {
    let mut log = SessionLog::default();
    for (place, end) in (1..).zip(ends) {
        let number = log.open(id(place), "run", at(0));
        log.starting(number, Carries::default());
        log.triggered(number, at(0));
        if let Some(end) = end {
            log.ended(number, *end, at(1));
        }
    }
    log
}

fn told(told: Told, session: Number) -> Telling {
    Telling {
        told,
        session,
        behind: None,
        doubtful: false,
    }
}

fn holds(log: &SessionLog, session: Number) -> bool {
    log.standing(told(Told::Inactive, session)).unwrap().holds
}

#[test]
fn a_session_that_the_log_was_never_told_of_is_doubted() {
    let log = log_of(&[Some(End::Landed)]);

    assert!(holds(&log, 1));
    assert!(!holds(&log, 2));
}

#[test]
fn hundreds_of_landed_sessions_take_no_room() {
    let log = log_of(&[Some(End::Landed); 3_000]);

    assert!(serde_json::to_string(&log).unwrap().len() < 10_000);
    assert!(holds(&log, 1) && holds(&log, 3_000));
}

#[test]
fn thousands_of_sessions_that_failed_one_after_another_take_little_room_and_stay_doubted() {
    let ends: Vec<_> = (0..4_000)
        .map(|n| Some(if n % 2 == 0 { End::Void } else { End::Landed }))
        .collect();
    let log = log_of(&ends);

    assert!(serde_json::to_string(&log).unwrap().len() < 40_000);
    assert!((1..=4_000).step_by(2).all(|number| !holds(&log, number)));
    assert!(holds(&log, 4_000));
}

#[test]
fn what_was_given_up_and_ends_after_all_makes_everything_until_then_doubtful_once() {
    let mut log = log_of(&[None, Some(End::Landed)]);
    assert_eq!(log.give_up(at(2)), None);
    assert_eq!(log.give_up(at(25)), Some(id(1)));
    assert!(holds(&log, 2));

    log.ended(1, End::Landed, at(30));

    assert!(!holds(&log, 2));
    let number = log.open(id(3), "run", at(31));
    log.starting(number, Carries::default());
    log.ended(number, End::Landed, at(31));
    assert!(holds(&log, number));
}

#[test]
fn a_session_is_given_its_time_from_the_end_of_the_one_before_it() {
    let mut log = log_of(&[None, None]);
    log.ended(1, End::Landed, at(20));

    assert_eq!(log.give_up(at(43)), None);
    assert_eq!(log.give_up(at(44)), Some(id(2)));
}

#[test]
fn only_old_sessions_that_no_entry_names_are_forgotten() {
    let mut log = log_of(&[Some(End::Void), Some(End::Void)]);
    for hour in 2..5 {
        let number = log.open(id(100), "run", at(hour));
        log.ended(number, End::Void, at(hour));
    }

    log.forget(&[2].into(), 5, at(3));

    let void: Vec<_> = (1..=5).filter(|number| log.is_exception(*number)).collect();
    assert_eq!(void, [2, 5]);
}

#[test]
fn whoever_makes_an_import_fail_stands_alone_before_long() {
    for people in [1_u64, 2, 7, 64, 200] {
        let mut log = SessionLog::default();
        let (mut group, mut again, mut sessions) = (people, None, 0);
        loop {
            let number = log.open(id(sessions), "run", at(0));
            let failed = again.and_then(|_| log.failed(false)).cloned();
            let carried = match &failed {
                Some(failed) if failed.again => group.div_ceil(2),
                _ => group,
            };
            let carries = Carries {
                upserts: carried,
                deactivations: 0,
                again: failed.map(|failed| failed.number),
                by_push: false,
                confirms: false,
                groups: false,
                may_change_groups: false,
            };
            log.starting(number, carries);
            // The one who makes it fail is among the first people told.
            log.ended(number, End::Error, at(0));
            sessions += 1;
            if log.again(number, false) == Again::Isolated {
                break;
            }
            (group, again) = (carried, Some(number));
        }
        assert!(sessions <= 10, "{people}: {sessions}");
    }
}

#[test]
fn other_numbers_than_ours_mean_what_they_meant() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let session = |verdict: &str, opened: &str| {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let map = [("verdict", verdict), ("opened", opened), ("run", "r")];
        AttributeValue::M(
            map.map(|(name, value)| (name.to_owned(), text(value)))
                .into(),
        )
    };
    let item = [
        ("pk", AttributeValue::S("sessions".to_owned())),
        ("knownActive", AttributeValue::N("41".to_owned())),
        ("apsLanded", session("LANDED", "2026-05-13T10:00:00Z")),
        ("apsVoid", session("VOID", "2026-05-13T11:00:00Z")),
        ("apsNow", session("TRIGGERED", "2026-05-13T12:00:00Z")),
    ];
    let item = item.map(|(name, value)| (name.to_owned(), value)).into();

    let (log, active) = from_unnumbered(&item);

    assert_eq!(active, 41);
    assert!(holds(&log, log.number_of("apsLanded")));
    assert!(holds(&log, log.number_of("apsForgotten")));
    assert!(!holds(&log, log.number_of("apsVoid")));
    assert_eq!(log.unended(), 1);
}

#[test]
fn a_session_that_others_pass_is_given_up_all_the_same() {
    let mut log = log_of(&[None]);
    for hours in 2..30_i64 {
        let number = log.open(id(100 + hours.unsigned_abs()), "run", at(hours));
        log.starting(number, Carries::default());
        log.triggered(number, at(hours));
        log.ended(number, End::Landed, at(hours));
    }

    assert_eq!(log.give_up(at(30)), Some(id(1)));
}
