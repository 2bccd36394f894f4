//! First and last days.

use jiff::SignedDuration;

use super::*;

pub(super) fn dated(zone: &str, lead_days: u16) -> Mapping {
    let file = json!({"externalId": "{{ id }}", "activeFrom": "{{ from }}", "activeUntil": "{{ until }}",
        "timezone": zone, "leadDays": lead_days, "profile": {"userName": "{{ id }}", "city": "x"}});
    Mapping::from_json(&file.to_string()).unwrap()
}

/// What the mapping makes of a record with these dates at a moment, and when that changes.
pub(super) fn judged(
    mapping: &Mapping,
    from: &str,
    until: &str,
    now: Timestamp,
) -> (&'static str, Option<Timestamp>) {
    let judged = mapping.judge(record(&[("from", text(from)), ("until", text(until))]), now);
    let state = match judged.mapped {
        Mapped::Upcoming(_) => "upcoming",
        Mapped::Active(..) => "active",
        Mapped::Inactive(_) => "left",
        other => panic!("{from} to {until}: {other:?}"),
    };
    (state, judged.next)
}

/// The moments at which somebody comes and leaves.
fn crossings(zone: &str, lead_days: u16, from: &str, until: &str) -> Vec<String> {
    let mapping = dated(zone, lead_days);
    let mut now = Timestamp::MIN;
    let mut crossings = Vec::new();
    while let (before, Some(next)) = judged(&mapping, from, until, now) {
        assert_eq!(
            judged(&mapping, from, until, next - SignedDuration::from_nanos(1)).0,
            before
        );
        assert_ne!(judged(&mapping, from, until, next).0, before);
        crossings.push(next.to_string());
        now = next;
        assert!(crossings.len() <= 2, "{crossings:?}");
    }
    crossings
}

#[test]
fn days_begin_at_midnight_in_the_time_zone() {
    for (zone, lead, from, until, expected) in [
        (
            "UTC",
            0,
            "2026-12-01",
            "2026-12-31",
            ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
        ),
        (
            "Asia/Tokyo",
            0,
            "2026-12-01",
            "2026-12-31",
            ["2026-11-30T15:00:00Z", "2026-12-31T15:00:00Z"],
        ),
        (
            "America/Los_Angeles",
            7,
            "2026-12-01",
            "2026-12-31",
            ["2026-11-24T08:00:00Z", "2027-01-01T08:00:00Z"],
        ),
        // Leap days.
        (
            "UTC",
            0,
            "2028-02-29",
            "2028-02-29",
            ["2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"],
        ),
        (
            "UTC",
            1,
            "2028-03-01",
            "2100-02-28",
            ["2028-02-29T00:00:00Z", "2100-03-01T00:00:00Z"],
        ),
        // Daylight saving's end, in three zones: the day has 25 hours.
        (
            "Europe/Dublin",
            0,
            "2026-10-25",
            "2026-10-25",
            ["2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z"],
        ),
        (
            "America/New_York",
            0,
            "2026-11-01",
            "2026-11-01",
            ["2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"],
        ),
        (
            "Australia/Sydney",
            0,
            "2027-04-04",
            "2027-04-04",
            ["2027-04-03T13:00:00Z", "2027-04-04T14:00:00Z"],
        ),
        // Its beginning, and a lead across it.
        (
            "Europe/Dublin",
            1,
            "2027-03-29",
            "2027-03-29",
            ["2027-03-28T00:00:00Z", "2027-03-29T23:00:00Z"],
        ),
        // Where clocks skip midnight, a day begins after it.
        (
            "Africa/Cairo",
            0,
            "2026-04-24",
            "2026-04-24",
            ["2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"],
        ),
        // A day that there was not.
        (
            "Pacific/Apia",
            0,
            "2011-12-29",
            "2011-12-31",
            ["2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z"],
        ),
        // Moments, with and without an offset, and the lead before them.
        (
            "Europe/Dublin",
            0,
            "2026-07-01T09:00:00",
            "2026-12-01T17:30:00+01:00",
            ["2026-07-01T08:00:00Z", "2026-12-01T16:30:00Z"],
        ),
        (
            "Europe/Dublin",
            1,
            "2026-07-01 09:00",
            "2026-12-01T17:30:00Z",
            ["2026-06-30T08:00:00Z", "2026-12-01T17:30:00Z"],
        ),
        // Seconds and milliseconds.
        (
            "UTC",
            0,
            "1796083200",
            "1798761600000",
            ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
        ),
        (
            "UTC",
            0,
            "-86400",
            "1798761600.5",
            ["1969-12-31T00:00:00Z", "2027-01-01T00:00:00Z"],
        ),
    ] {
        assert_eq!(
            crossings(zone, lead, from, until),
            expected,
            "{zone} {from} {until}"
        );
    }
}

#[test]
fn no_date_is_no_limit_and_neither_is_the_end_of_time() {
    for (from, until, expected) in [
        ("", "", &[][..]),
        ("2026-12-01", "", &["2026-12-01T00:00:00Z"]),
        ("", "2026-12-31", &["2027-01-01T00:00:00Z"]),
        ("", "9999-12-31", &[]),
        ("", "9999-12-31T23:59:59Z", &[]),
        ("", "9999-12-31T23:59:59", &[]),
        ("", "253402300799", &[]),
        ("", "253402214400000", &[]),
        ("0001-01-01", "", &["0001-01-01T00:00:00Z"]),
        // Somebody who leaves before they come never comes.
        ("2026-12-31", "2026-12-01", &["2026-12-02T00:00:00Z"]),
    ] {
        assert_eq!(crossings("UTC", 0, from, until), expected, "{from} {until}");
    }
}

#[test]
fn a_date_that_cannot_be_read_rejects_and_is_named_but_not_told() {
    let mapping = dated("UTC", 0);
    for date in [
        "01/12/2026",
        "2026-13-01",
        "2026-02-29",
        "2026-1-1",
        "20261201",
        "2026",
        "soon",
        "2026-12",
        "2026-12-01Tsoon",
        "2026-12-01T25:00:00Z",
        "10000-01-01",
        "1e9",
        "99999999999999999999",
        "tomorrow ",
        "2026-12-01x",
    ] {
        for name in ["from", "until"] {
            let Mapped::Rejected(_, reasons) = mapping.map(record(&[(name, text(date))]), NOW)
            else {
                panic!("{date} was read");
            };
            let attribute = if name == "from" {
                "activeFrom: "
            } else {
                "activeUntil: "
            };
            assert!(
                reasons[0].starts_with(attribute) && !reasons[0].contains(date.trim()),
                "{reasons:?}"
            );
        }
    }
    for value in [
        AttributeValue::Bool(true),
        AttributeValue::L(vec![text("2026-12-01")]),
    ] {
        assert!(matches!(
            mapping.map(record(&[("from", value)]), NOW),
            Mapped::Rejected(..)
        ));
    }
}

#[test]
fn who_is_inactive_leaves_whatever_their_dates_say() {
    let mapping = dated("UTC", 0);
    let leaver = record(&[
        ("active", AttributeValue::Bool(false)),
        ("from", text("soon")),
    ]);

    assert!(matches!(mapping.map(leaver, NOW), Mapped::Inactive(_)));
}
