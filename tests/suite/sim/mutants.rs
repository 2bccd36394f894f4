//! Deliberate bugs, and the promise by which the simulation finds each of them out.

use dynamodb_identity_source::mutation::Mutation;

use super::{first_broken, promises};

/// Histories that are played in vain before a bug counts as one that is not found out.
const ENOUGH: u64 = 600;

/// Plays histories with this bug until a promise is broken, which must be one of these.
fn is_caught(bug: Mutation, by: &[&str]) {
    let caught = first_broken(0..ENOUGH, Some(bug));
    let (seed, broken) = caught.unwrap_or_else(|| panic!("{bug:?} breaks no promise"));
    println!(
        "{bug:?}: {} histories, {}: {}",
        seed + 1,
        broken.promise,
        broken.how
    );
    assert!(
        by.contains(&broken.promise),
        "{bug:?} breaks another promise: {broken:?}"
    );
}

#[test]
fn recording_before_the_trigger_is_caught() {
    is_caught(
        Mutation::RecordBeforeTrigger,
        &[promises::EQUAL, promises::LEDGER],
    );
}

#[test]
fn taking_a_rejected_record_for_a_missing_one_is_caught() {
    is_caught(Mutation::RejectedIsMissing, &[promises::PROTECTED]);
}

#[test]
fn skipping_the_second_look_is_caught() {
    is_caught(Mutation::SkipSecondLook, &[promises::UP_TO_DATE]);
}

#[test]
fn trusting_a_stale_image_is_caught() {
    is_caught(Mutation::TrustStaleImage, &[promises::WELCOME]);
}

#[test]
fn ignoring_an_error_session_is_caught() {
    is_caught(Mutation::IgnoreErrorSession, &[promises::EQUAL]);
}

#[test]
fn not_holding_the_lease_is_caught() {
    is_caught(Mutation::WorkWithoutLease, &[promises::ONE]);
}

#[test]
fn counting_the_safeguard_after_loading_is_caught() {
    is_caught(Mutation::SafeguardAfterLoading, &[promises::LIMIT]);
}

#[test]
fn retrying_a_load_without_the_budget_is_caught() {
    is_caught(Mutation::RetryWithoutBudget, &[promises::RULES]);
}

#[test]
fn taking_an_unidentified_record_for_nobodys_is_caught() {
    is_caught(Mutation::UnidentifiedIsNobody, &[promises::PROTECTED]);
}

#[test]
fn taking_a_lost_answer_for_a_yes_is_caught() {
    is_caught(Mutation::LostAnswerIsDone, &[promises::EQUAL]);
}

#[test]
fn loading_a_plan_that_waited_long_is_caught() {
    is_caught(Mutation::LoadOldPlan, &[promises::UP_TO_DATE]);
}

#[test]
fn believing_one_read_while_records_move_is_caught() {
    is_caught(Mutation::OneReadIsEnough, &[promises::PROTECTED]);
}

#[test]
fn deactivating_strangers_by_one_record_is_caught() {
    is_caught(Mutation::StrangersLeaveByStream, &[promises::PROTECTED]);
}
