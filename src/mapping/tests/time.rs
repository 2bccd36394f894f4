//! What holds of any dates, zone and clock.

use jiff::{civil::Date, tz::TimeZone};
use proptest::prelude::*;

use super::{
    dates::{dated, judged},
    *,
};

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "UTC",
        "Europe/Dublin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Cairo",
        "Pacific/Apia",
        "America/Sao_Paulo",
    ])
}

fn date() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(String::new()),
        4 => (1990_i16..2060, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap().to_string()),
        2 => (0_i64..2_500_000_000).prop_map(|second| Timestamp::from_second(second).unwrap().to_string()),
        1 => (30_000_000_i64..2_500_000_000).prop_map(|second| second.to_string()),
        1 => (630_000_000_000_i64..2_500_000_000_000).prop_map(|millisecond| millisecond.to_string()),
    ]
}

proptest! {
    #[test]
    fn as_time_goes_on_a_state_changes_at_most_twice_and_only_when_it_was_foretold(
        zone in zones(), lead in 0_u16..60, from in date(), until in date(),
        mut moments in proptest::collection::vec(0_i64..3_000_000_000, 2..30),
    ) {
        let mapping = dated(zone, lead);
        moments.sort_unstable();
        let states: Vec<_> = moments
            .iter()
            .map(|second| {
                let now = Timestamp::from_second(*second).unwrap();
                let (state, next) = judged(&mapping, &from, &until, now);
                (now, state, next)
            })
            .collect();
        let order = |state| ["upcoming", "active", "left"].iter().position(|known| *known == state);
        for pair in states.windows(2) {
            let ((_, one, foretold), (then, other, _)) = (pair[0], pair[1]);
            prop_assert!(order(one) <= order(other), "{} then {}", one, other);
            let crossed = foretold.is_some_and(|foretold| foretold <= then);
            prop_assert_eq!(one != other, crossed);
        }
    }

    #[test]
    fn a_whole_day_is_active_from_its_first_to_its_last_moment(
        zone in zones(), day in (1990_i16..2060, 1_i8..=12, 1_i8..=28), hour in 0_i8..24,
    ) {
        let (year, month, day) = day;
        let day = Date::new(year, month, day).unwrap();
        let zone_data = TimeZone::get(zone).unwrap();
        let now = day.at(hour, 30, 0, 0).to_zoned_datetime(zone_data).unwrap();
        // Clocks that are put forward skip some of a day.
        prop_assume!(now.date() == day);
        let text = day.to_string();

        prop_assert_eq!(judged(&dated(zone, 0), &text, &text, now.timestamp()).0, "active");
    }
}
