//! Deliberate bugs, and the promise by which the simulation finds each of them out.

use dynamodb_identity_source::mutation::Mutation;

use super::{first_broken, promises, variable};

/// Plays histories with this bug until a promise is broken; `SIM_MUTANTS=n` plays up to n from
/// seed 0 on, where `from` is a seed from which it does not take long.
fn is_caught(bug: Mutation, from: u64, by: &[&str]) {
    let seeds = match variable("SIM_MUTANTS") {
        Some(histories) => 0..histories,
        None => from..from + 60,
    };
    let first = seeds.start;
    let caught = first_broken(seeds, Some(bug));
    let (seed, broken) = caught.unwrap_or_else(|| panic!("{bug:?} breaks no promise"));
    println!(
        "{bug:?}: {} histories, {}: {}",
        seed - first + 1,
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
    is_caught(Mutation::RecordBeforeTrigger, 0, &[promises::EQUAL]);
}

#[test]
fn taking_a_rejected_record_for_a_missing_one_is_caught() {
    is_caught(Mutation::RejectedIsMissing, 0, &[promises::PROTECTED]);
}

#[test]
fn skipping_the_second_look_is_caught() {
    is_caught(Mutation::SkipSecondLook, 0, &[promises::UP_TO_DATE]);
}

#[test]
fn trusting_a_stale_image_is_caught() {
    is_caught(Mutation::TrustStaleImage, 0, &[promises::WELCOME]);
}

#[test]
fn ignoring_an_error_session_is_caught() {
    is_caught(Mutation::IgnoreErrorSession, 0, &[promises::EQUAL]);
}

#[test]
fn not_holding_the_lease_is_caught() {
    is_caught(Mutation::WorkWithoutLease, 0, &[promises::ONE]);
}

#[test]
fn counting_the_safeguard_after_loading_is_caught() {
    is_caught(Mutation::SafeguardAfterLoading, 0, &[promises::LIMIT]);
}

#[test]
fn retrying_a_load_without_the_budget_is_caught() {
    is_caught(Mutation::RetryWithoutBudget, 0, &[promises::RULES]);
}

#[test]
fn taking_an_unidentified_record_for_nobodys_is_caught() {
    is_caught(Mutation::UnidentifiedIsNobody, 0, &[promises::PROTECTED]);
}

#[test]
fn taking_a_lost_answer_for_a_yes_is_caught() {
    is_caught(Mutation::LostAnswerIsDone, 0, &[promises::EQUAL]);
}

#[test]
fn loading_a_plan_that_waited_long_is_caught() {
    is_caught(Mutation::LoadOldPlan, 0, &[promises::UP_TO_DATE]);
}

#[test]
fn believing_one_read_while_records_move_is_caught() {
    is_caught(Mutation::OneReadIsEnough, 0, &[promises::PROTECTED]);
}

#[test]
fn deactivating_strangers_by_one_record_is_caught() {
    is_caught(Mutation::StrangersLeaveByStream, 0, &[promises::PROTECTED]);
}
