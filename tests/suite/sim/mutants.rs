//! Deliberate bugs, and the promise by which the simulation finds each of them out.

use dynamodb_identity_source::mutation::Mutation;

use super::{first_broken, promises};

/// Histories that are played in vain before a bug counts as one that is not found out.
const ENOUGH: u64 = 2_000;

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

macro_rules! caught {
    ($($name:ident: $bug:ident by $($promise:ident)or+;)+) => {
        /// All of them.
        const ALL: &[Mutation] = &[$(Mutation::$bug),+];

        $(
            #[test]
            fn $name() {
                is_caught(Mutation::$bug, &[$(promises::$promise),+]);
            }
        )+
    };
}

/// The bug of this name.
pub fn named(name: &str) -> Mutation {
    let mut all = ALL.iter();
    let bug = all.find(|bug| format!("{bug:?}") == name);
    *bug.unwrap_or_else(|| panic!("there is no bug {name}"))
}

caught! {
    recording_before_the_trigger_is_caught: RecordBeforeTrigger by EQUAL or LEDGER;
    not_holding_the_lease_is_caught: WorkWithoutLease by ONE;
    counting_the_safeguard_after_loading_is_caught: SafeguardAfterLoading by LIMIT or UPDATES;
    retrying_a_load_without_the_budget_is_caught: RetryWithoutBudget by RULES;
    taking_a_lost_answer_for_a_yes_is_caught: LostAnswerIsDone by EQUAL or LEDGER;
    believing_one_read_while_records_move_is_caught: OneReadIsEnough by PROTECTED or UP_TO_DATE;
    counting_tellings_is_caught: TellingsAreCounted by FITS;
    counting_what_was_given_back_as_paid_is_caught: GivenBackStillPaid by LIMIT or UPDATES;
    giving_back_after_an_error_is_caught: GivenBackAfterError by LIMIT or UPDATES;
    a_base_that_shrinks_is_caught: BaseShrinks by FITS;
    a_late_write_that_replaces_a_newer_entry_is_caught: LateWriteReplaces by EQUAL or LEDGER;
    forgetting_an_import_that_sleeps_is_caught: OldSessionIsForgotten by EQUAL or LEDGER;
    taking_a_rejected_record_for_a_missing_one_is_caught: RejectedIsMissing by PROTECTED or HELD;
    taking_somebody_upcoming_for_inactive_is_caught: UpcomingIsInactive by PROTECTED;
    trusting_a_stale_image_is_caught: TrustStaleImage by WELCOME or PROTECTED or UP_TO_DATE or DONE or EQUAL;
    ignoring_an_error_session_is_caught: IgnoreErrorSession by EQUAL or LEDGER or LANDED or MEMBERS;
    taking_an_unidentified_record_for_nobodys_is_caught: UnidentifiedIsNobody by PROTECTED;
    loading_people_who_were_in_hand_for_long_is_caught: LoadOldPlan by UP_TO_DATE or PROTECTED or WELCOME;
    forgetting_what_an_entry_is_behind_is_caught: ForgetsWhatItIsBehind by EQUAL or LEDGER;
    forgetting_a_charge_is_caught: ChargeIsForgotten by LIMIT or UPDATES;
    an_approval_that_lets_others_through_is_caught: ApprovalLetsOthersThrough by LIMIT or UPDATES;
    believing_an_old_read_is_caught: OldReadCounts by PROTECTED or UP_TO_DATE;
    emptying_the_directory_with_the_table_is_caught: EmptyTableIsAllowed by HELD;
    not_asking_the_switch_is_caught: PauseIsIgnored by PAUSED;
    keeping_the_lease_while_waiting_is_caught: LeaseIsKept by LET_GO;
    believing_a_status_that_lags_is_caught: CreatedIsLanded by EQUAL or LEDGER;
    ignoring_what_the_ledger_is_about_is_caught: BindingIsIgnored by BOUND;
    forgetting_an_undone_batch_is_caught: UndoneBatchIsDone by DONE;
    forgetting_a_push_is_caught: PushIsForgotten by LANDED or EQUAL;
    letting_an_older_push_win_is_caught: OldPushWins by EQUAL or LANDED;
    not_remembering_a_push_that_says_nothing_new_is_caught: NothingNewIsForgotten by EQUAL or LANDED;
    ignoring_an_error_of_one_segment_is_caught: SegmentErrorIsIgnored by PROTECTED or HELD;
    taking_a_call_for_the_commit_is_caught: CallIsTheCommit by EQUAL or LEDGER;
    an_entry_after_its_call_is_caught: EntryAfterCall by EQUAL or LEDGER;
    an_older_import_that_overwrites_a_call_is_caught: CallIgnoresImports by EQUAL or LEDGER;
    calls_that_the_guard_is_not_asked_about_are_caught: CallsAreNotCharged by LIMIT;
    taking_a_folding_key_for_a_persons_is_caught: FoldingIdentifies by PROTECTED or EQUAL or UP_TO_DATE;
    adopting_whoever_is_different_is_caught: AdoptionHidesDifferences by EQUAL;
    adopting_over_a_newer_entry_is_caught: AdoptionReplaces by EQUAL or LEDGER;
    forgetting_whom_okta_refused_inside_an_import_is_caught: RefusedIsForgotten by EQUAL or LEDGER;
    putting_somebody_into_a_group_before_they_landed_is_caught: MembershipBeforeUser by MEMBERS or ENDS_WELL;
    taking_a_group_of_others_for_ours_is_caught: ForeignGroupIsOurs by FOREIGN;
    taking_a_rejected_record_for_one_without_groups_is_caught: RejectedLeavesGroups by STAYS;
    taking_people_out_of_groups_unasked_is_caught: RemovalsAreUnguarded by REMOVALS;
    giving_old_groups_back_is_caught: OldGroupsComeBack by RETURNS;
    taking_whoever_is_not_listed_for_there_is_caught: UnlistedIsFine by EQUAL or LEDGER;
}
