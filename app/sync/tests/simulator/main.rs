//! Replicas and a server core in one thread, with a network, storage and clock that do what real ones do on a bad
//! day. One number, the seed, decides everything, so a failure is a number.
//!
//! `DAYBOOK_SEED=17 cargo test -p sync --test simulator p1_to_p7 -- --nocapture` runs one seed and prints its steps;
//! `DAYBOOK_SEEDS=10000` runs more than the usual number.
//!
//! Reading order: [`faults`], [`server`], [`node`], [`tabs`], [`workload`], [`world`], [`checks`]; [`wasm`] runs the same
//! once more where browsers do.

mod checks;
mod faults;
mod node;
mod people;
mod server;
mod sometimes;
mod tabs;
mod wasm;
mod workload;
mod world;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

use sometimes::Sometimes;
use sync::defects::Defect;
use world::{Broken, World};

const SEEDS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs one seed to its end. A panic of the code under test is a failure like any other.
fn run(seed: u64, broken: Broken, is_told: bool) -> Result<Sometimes, String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| World::new(seed, broken, is_told).run()));
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
    })
}

#[test]
fn p1_to_p7_hold_under_every_seed() {
    if let Some(seed) = number("DAYBOOK_SEED") {
        if let Err(problem) = run(seed, Broken::Nothing, true) {
            panic!("seed {seed}: {problem}");
        }
        return;
    }
    let seeds = number("DAYBOOK_SEEDS").unwrap_or(SEEDS);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8) as u64;
    let reached = Mutex::new(Sometimes::default());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (reached, failures) = (&reached, &failures);
            scope.spawn(move || {
                for seed in (thread..seeds).step_by(threads as usize) {
                    match run(seed, Broken::Nothing, false) {
                        Ok(states) => lock(reached).add(&states),
                        Err(problem) => lock(failures).push((seed, problem)),
                    }
                }
            });
        }
    });
    let mut failures = std::mem::take(&mut *lock(&failures));
    failures.sort();
    for (seed, problem) in failures.iter().take(20) {
        println!("seed {seed}: {problem}");
        println!("  again: DAYBOOK_SEED={seed} cargo test -p sync --test simulator p1_to_p7 -- --nocapture");
    }
    assert!(failures.is_empty(), "{} of {seeds} seeds failed", failures.len());
    let reached = std::mem::take(&mut *lock(&reached));
    println!("{seeds} seeds, {reached}");
    let never: Vec<_> = reached.never().collect();
    assert!(never.is_empty() || seeds < SEEDS, "states that no seed came to: {never:?}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [3, 17, 99] {
        let (first, second) = (run(seed, Broken::Nothing, false), run(seed, Broken::Nothing, false));
        assert_eq!(first.map(|states| states.to_string()), second.map(|states| states.to_string()));
    }
}

/// F16: a backup is put back while 20 devices are ahead of it. Nobody helps them.
#[test]
fn drill_a_restore_with_20_devices_loses_nothing_that_a_device_had_given() {
    for seed in 0..10 {
        let restored = World::drill(seed, 20).run_drill().unwrap_or_else(|problem| panic!("seed {seed}: {problem}"));
        println!("seed {seed}: {restored:?}");
        assert!(restored.taken_out > 20, "seed {seed}: a drill that takes next to nothing: {restored:?}");
        assert_eq!(restored.taken_out, restored.in_the_log_again + restored.for_a_person, "seed {seed}");
        assert!(restored.in_the_log_again > restored.taken_out * 8 / 10, "seed {seed}: {restored:?}");
    }
}

/// A test for each defect: some seed among the first must fail with it.
macro_rules! caught {
    ($($name:ident: $broken:expr),+ $(,)?) => {
        $(#[test]
        fn $name() {
            let caught = (0..SEEDS).find_map(|seed| run(seed, $broken, false).err().map(|problem| (seed, problem)));
            let (seed, problem) = caught.expect("no seed noticed");
            println!("{}: caught by seed {seed}: {problem}", stringify!($name));
        })+
    };
}

mod defects_are_caught {
    use super::{Broken, Defect, SEEDS, run};

    caught!(
        answer_before_commit: Broken::AnswerBeforeCommit,
        publish_before_durable: Broken::PublishBeforeDurable,
        no_dedupe: Broken::NoDedupe,
        roles_not_asked: Broken::RolesNotAsked,
        signed_out_is_heard: Broken::SignedOutIsHeard,
        shut_out_is_heard: Broken::ShutOutIsHeard,
        books_kept_when_revoked: Broken::Replica(Defect::BooksKeptWhenRevoked),
        verdict_lost_for_refusals: Broken::RefusalsNotRemembered,
        no_gap_check: Broken::Replica(Defect::NoGapCheck),
        skip_of_an_unknown_event: Broken::Replica(Defect::SkipUnknownEvent),
        outbox_dropped_on_restart: Broken::Replica(Defect::OutboxDroppedOnRestart),
        outbox_dropped_on_reset: Broken::Replica(Defect::OutboxDroppedOnReset),
        no_dependants_hold: Broken::Replica(Defect::NoDependantsHold),
        refusal_forgotten: Broken::Replica(Defect::RefusalForgotten),
        digest_not_compared: Broken::Replica(Defect::DigestNotCompared),
        double_apply: Broken::Replica(Defect::DoubleApply),
        rebase_skipped: Broken::Replica(Defect::RebaseSkipped),
        resend_with_a_new_id: Broken::Replica(Defect::ResendWithNewId),
        saved_before_durable: Broken::Replica(Defect::SavedBeforeDurable),
        no_answer_taken_for_a_refusal: Broken::Replica(Defect::NoAnswerIsARefusal),
        forgotten_when_sent: Broken::Replica(Defect::ForgottenWhenSent),
        nothing_offered_again_after_a_restore: Broken::Replica(Defect::NothingOfferedAgain),
        not_kept_when_settled: Broken::Replica(Defect::NotKeptWhenSettled),
        not_written_again_after_storage_was_cleared: Broken::Replica(Defect::NotWrittenAgain),
        no_watchdog_for_a_feed_that_leaves_out: Broken::Replica(Defect::NoWatchdog),
        taken_back_by_a_following_tab: Broken::Replica(Defect::TakenBackByAFollower),
        sent_without_a_word_about_it: Broken::Replica(Defect::AttemptNotWritten),
    );
}
