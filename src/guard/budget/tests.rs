use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn fresh(people: u64) -> Ask {
    Ask {
        kind: Kind::Deactivations,
        fresh: people,
        moved: BTreeMap::new(),
        approved: false,
    }
}

fn again(hour: Hour, people: u64) -> Ask {
    Ask {
        moved: [(hour, people)].into(),
        ..fresh(0)
    }
}

#[test]
fn what_does_not_fit_is_not_charged() {
    let now = at("2026-05-13T10:00:00Z");
    let mut budget = Budget::default();
    budget.charge(&fresh(4), 1, 5, now).unwrap();

    assert_eq!(budget.charge(&fresh(2), 1, 5, now), Err(Short { left: 1 }));
    assert_eq!(budget.spent(Kind::Deactivations, now), 4);
    assert_eq!(budget.spent(Kind::Updates, now), 0);
}

#[test]
fn a_day_after_the_hour_is_over_there_is_room_again() {
    let mut budget = Budget::default();
    budget
        .charge(&fresh(5), 1, 5, at("2026-05-13T10:30:00Z"))
        .unwrap();

    let not_yet = budget.charge(&fresh(1), 2, 5, at("2026-05-14T10:59:00Z"));
    let then = budget.charge(&fresh(1), 2, 5, at("2026-05-14T11:00:00Z"));

    assert_eq!(not_yet, Err(Short { left: 0 }));
    assert!(then.is_ok());
}

#[test]
fn telling_people_again_costs_nothing_and_counts_from_then_on() {
    let (ten, nine) = (at("2026-05-13T10:30:00Z"), at("2026-05-14T09:30:00Z"));
    let mut budget = Budget::default();
    let hour = budget.charge(&fresh(5), 1, 5, ten).unwrap();
    budget.settle(1, false, ten);

    budget.charge(&again(hour, 5), 2, 5, nine).unwrap();

    assert_eq!(budget.spent(Kind::Deactivations, nine), 5);
    budget.settle(2, false, nine);
    assert_eq!(budget.spent(Kind::Deactivations, nine), 5);
    assert_eq!(
        budget.spent(Kind::Deactivations, at("2026-05-14T12:00:00Z")),
        5
    );
}

#[test]
fn what_never_started_is_given_back_and_its_moves_are_undone() {
    let (ten, nine) = (at("2026-05-13T10:30:00Z"), at("2026-05-14T09:30:00Z"));
    let mut budget = Budget::default();
    let hour = budget.charge(&fresh(3), 1, 5, ten).unwrap();
    budget.settle(1, false, ten);
    budget.charge(&again(hour, 3), 2, 5, nine).unwrap();
    budget.charge(&fresh(2), 2, 5, nine).unwrap();

    budget.settle(2, true, nine);

    assert_eq!(budget.spent(Kind::Deactivations, nine), 3);
    assert_eq!(
        budget.spent(Kind::Deactivations, at("2026-05-14T12:00:00Z")),
        0
    );
    assert!(budget.paid().given_back.contains(2));
}

#[test]
fn a_clock_that_goes_back_charges_no_earlier_hour() {
    let mut budget = Budget::default();
    let hour = budget
        .charge(&fresh(1), 1, 5, at("2026-05-13T10:00:00Z"))
        .unwrap();

    let earlier = budget.charge(&fresh(1), 1, 5, at("2026-05-13T09:59:00Z"));

    assert_eq!(earlier, Ok(hour));
}

#[test]
fn what_is_kept_stays_small() {
    let mut budget = Budget::default();
    for day in 0..400 {
        let now = at("2026-05-13T10:00:00Z") + std::time::Duration::from_secs(day * 3_600);
        let _ = budget.charge(&fresh(1), day, 1_000, now);
        budget.settle(day, true, now);
        budget.tidy(now);
    }

    assert!(serde_json::to_string(&budget).unwrap().len() < 2_000);
}
