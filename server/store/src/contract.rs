//! What every store promises, as tests that take a store. `contract_suite!` runs all of them on one.
//!
//! Another implementation proves itself by the same macro: give it a function that makes a fresh, empty store.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]
#![allow(clippy::missing_panics_doc, reason = "a broken promise is a panic")]

pub mod access;
pub mod appends;
pub mod atomic;
pub mod blobs;
pub mod devices;
pub mod epochs;
pub mod hints;
pub mod letters;
pub mod order;
pub mod past;
pub mod payloads;
pub mod queue;
pub mod refusals;
pub mod releases;
pub mod reopening;
pub mod repeats;
pub mod scribe;
pub mod search;
pub mod shops;
pub mod snapshots;
pub mod unknown_outcome;
pub mod verifying;
pub mod views;

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use domain::ShopSlug;
use uuid::Uuid;

use crate::{
    EventStore, ShopHead, open,
    testing::redis_url,
    views::{AllocationsView, redis::RedisView},
};

/// One that nobody else has, also on a Redis that is shared.
fn namespace() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("test-{now}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A fresh store, and how to open it a second time.
pub struct Fixture {
    pub store: Arc<dyn EventStore>,
    url: Option<String>,
    /// What its keys on Redis begin with, if it has any.
    namespace: String,
    /// What must outlive the store: the folder of its file.
    _keep: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    /// A store in this process only: opening it again gives the same one.
    #[must_use]
    pub fn of(store: Arc<dyn EventStore>) -> Self {
        Self { store, url: None, namespace: namespace(), _keep: Box::new(()) }
    }

    pub async fn at(url: String, keep: impl Any + Send + Sync) -> Self {
        let store = open(&url).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, url: Some(url), namespace: namespace(), _keep: Box::new(keep) }
    }

    /// The same data, as another process sees it.
    pub async fn reopened(&self) -> Arc<dyn EventStore> {
        match &self.url {
            Some(url) => open(url).await.unwrap(),
            None => Arc::clone(&self.store),
        }
    }

    /// Lets go of the first store before opening the second.
    pub async fn restarted(self) -> Self {
        let Self { store, url, namespace, _keep } = self;
        let store = match &url {
            Some(url) => {
                drop(store);
                open(url).await.unwrap()
            }
            None => store,
        };
        Self { store, url, namespace, _keep }
    }

    /// The allocations on Redis, as each process opens them; none where the tests go without.
    #[must_use]
    pub fn on_redis(&self) -> Option<Arc<dyn AllocationsView>> {
        let view = RedisView::in_namespace(&redis_url()?, &self.namespace).unwrap();
        Some(Arc::new(view))
    }

    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    pub async fn shop(&self, slug: &str) -> ShopHead {
        self.store.create_shop(&ShopSlug::parse(slug).unwrap(), "Corner shop", Uuid::from_u128(1)).await.unwrap()
    }
}

/// Runs every promise on the stores that `$fixture` makes: a path of an async function without arguments that gives
/// `Option<Fixture>`, where `None` skips.
#[macro_export]
macro_rules! contract_suite {
    ($fixture:path) => {
        $crate::contract_suite! { @each $fixture;
            access::a_login_is_one_persons,
            access::r_30_of_16_who_take_a_login_at_once_one_gets_it,
            access::of_16_who_found_a_shop_at_once_one_is_its_first_owner,
            access::of_16_owners_who_leave_at_once_one_stays,
            access::who_has_left_gets_no_other_role_and_the_last_owner_stays_one,
            access::a_password_is_replaced_where_it_is_still_the_one_that_was_compared,
            access::p9_resets_and_invites_of_owners_end_in_one_shop_alone,
            access::p9_a_member_is_one_of_their_own_shop,
            access::who_has_left_is_known_and_the_shop_goes_on_asking,
            access::a_session_lasts_as_long_as_it_is_used_and_no_longer_than_it_may,
            access::a_pin_is_of_one_person_on_one_browser_and_ends_by_wrong_tries,
            access::of_16_tries_of_a_pin_at_once_five_are_looked_at,
            access::pins_end_everywhere_else_and_on_the_browser_of_a_session,
            access::another_password_is_set_by_a_reset_once,
            access::p9_members_are_known_by_login_in_one_question,
            access::an_invite_is_used_once,
            access::an_invite_is_found_by_its_hash_and_withdrawn_until_it_is_used,
            access::of_16_who_claim_an_invite_at_once_one_has_it_and_gives_it_back,
            access::of_16_who_use_an_invite_at_once_one_comes_in,
            devices::p9_a_device_is_heard_of_and_revoked_in_its_own_shop,
            devices::p9_a_session_is_used_on_one_device_of_each_shop,
            devices::p9_a_session_goes_on_where_another_was_and_on_what_its_browser_is,
            devices::p9_the_pins_on_a_device_are_those_of_the_browser_that_was_known_first,
            devices::p5_what_comes_after_its_authors_end_is_kept_until_an_owner_decides,
            access::p9_a_token_is_of_one_shop_and_its_name_is_its_own_for_ever,
            access::what_may_end_a_way_in_is_counted,
            appends::p3_a_batch_comes_back_as_it_was_written,
            appends::p3_pages_follow_each_other_without_a_gap,
            appends::p3_r_18_an_append_at_a_moved_head_says_where_it_is,
            appends::p3_an_aggregates_version_is_taken_once,
            appends::p3_positions_with_a_hole_are_refused,
            appends::an_aggregate_is_read_from_a_version,
            appends::r_18_a_wrong_shop_is_unknown,
            atomic::p1_d_17_a_conflict_leaves_nothing_behind,
            atomic::p1_a_dropped_caller_leaves_all_or_nothing,
            atomic::checkpoints_and_queue_rows_move_with_the_append,
            blobs::a_picture_comes_back_as_it_was_kept_after_a_restart,
            blobs::p2_the_same_picture_twice_is_kept_once,
            blobs::a_shop_that_is_full_keeps_no_more_pictures,
            blobs::p9_a_picture_is_seen_in_its_own_shop_alone,
            epochs::an_append_under_another_epoch_is_refused,
            hints::an_announcement_is_heard,
            order::p3_16_writers_with_delays_leave_no_hole,
            past::the_log_stands_where_it_stood,
            payloads::a_payload_is_kept_to_the_byte,
            payloads::a_payload_that_is_too_long_is_refused,
            letters::an_entry_has_one_letter_and_it_is_sent_once,
            queue::commands_are_claimed_in_order_of_arrival,
            queue::the_same_command_twice_is_queued_once,
            queue::another_body_under_the_same_id_is_refused_whole,
            queue::d_11_commands_of_several_shops_are_queued_together_or_not_at_all,
            queue::p2_d_3_an_id_that_was_decided_is_queued_for_the_same_command_alone,
            queue::p1_a_lease_that_ran_out_is_taken_over,
            queue::p1_d_28_a_lease_is_made_longer_before_it_runs_out,
            queue::d_14_each_group_has_an_offset_of_its_own,
            queue::d_28_of_16_claimers_at_once_one_gets_a_key,
            queue::d_28_one_key_is_never_with_two_owners_and_other_keys_go_on,
            queue::d_30_settled_commands_stay_and_are_handled_again_when_asked,
            queue::d_31_what_comes_behind_a_command_that_was_put_back_waits_for_it,
            queue::a_command_put_back_waits_and_counts,
            queue::p5_a_parked_command_stays_visible,
            queue::p1_a_queued_command_survives_a_restart,
            refusals::p5_a_refusal_is_stored_with_its_reason,
            refusals::p2_a_command_that_changed_nothing_has_its_verdict,
            releases::p8_a_file_of_a_release_comes_back_as_it_was,
            releases::p8_the_newest_releases_stay_whatever_their_age,
            releases::p8_young_releases_stay_up_to_a_number,
            reopening::p1_everything_is_there_after_a_restart,
            reopening::migrating_again_changes_nothing,
            repeats::p2_a_known_command_is_not_written_twice,
            repeats::p2_the_same_append_twice_is_written_once,
            repeats::p2_verdicts_are_read_in_the_order_of_their_ids,
            repeats::p2_of_16_tries_with_one_id_one_is_written,
            search::p9_r_41_one_shop_is_not_found_in_another,
            search::r_41_d_6_records_are_found_by_the_words_that_are_in_them_now,
            search::r_41_a_follower_that_dies_anywhere_is_gone_on_with,
            search::r_41_what_people_ask_is_never_an_operator,
            shops::p9_shops_do_not_see_each_other,
            shops::a_shop_is_opened_once,
            snapshots::p_17_a_snapshot_of_another_fold_is_ignored,
            snapshots::the_newest_snapshot_that_is_old_enough_is_loaded,
            snapshots::p4_snapshot_and_tail_meet,
            unknown_outcome::p2_f2_an_unknown_outcome_is_settled_by_looking_the_ids_up,
            verifying::a_good_log_is_good,
            verifying::an_event_that_does_not_link_is_found,
            views::c_24_c_25_c_37_r_24_allocations_view,
            views::c_28_two_followers_do_the_work_of_one,
            views::c_30_r_1_subscribers_are_independent,
            views::c_31_deallocation_view,
            views::c_32_c_33_a_follower_that_dies_anywhere_is_gone_on_with,
            views::c_32_p_5_d_33_a_view_in_the_append_moves_with_it,
            views::c_33_a_view_of_another_log_is_begun_anew,
            views::c_33_drift_is_found_and_its_first_position_named,
            views::d_6_r_28_an_entry_is_taken_in_once,
            views::p9_views_of_two_shops_are_apart,
        }
    };
    (@each $fixture:path; $($file:ident :: $promise:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $promise() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::$file::$promise(fixture).await;
                }
            }
        )+
    };
}
