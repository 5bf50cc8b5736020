use proptest::prelude::*;

use super::*;

const NOW: Millis = Millis(1_000_000);
const QUIET: Needs = Needs { snapshot: false, send: false, waiting: false };
const SENDING: Needs = Needs { send: true, waiting: true, ..QUIET };

fn leading() -> (Connection, u64) {
    let mut connection = Connection::new(3);
    connection.lead();
    let [Action::Open { feed }] = connection.advance(QUIET, NOW)[..] else { panic!("no feed is opened") };
    connection.opened(feed, NOW);
    connection.heard(NOW);
    (connection, feed)
}

/// Lets time pass to the next thing that is due, and does it.
fn next(connection: &mut Connection, now: &mut Millis) -> Vec<Action> {
    *now = connection.deadline().unwrap().max(after(*now, 1));
    connection.advance(QUIET, *now)
}

fn until_asked(connection: &mut Connection, now: &mut Millis, wanted: impl Fn(&Action) -> bool) -> Action {
    for _ in 0..20 {
        if let Some(action) = next(connection, now).into_iter().find(&wanted) {
            return action;
        }
    }
    panic!("never asked for");
}

fn is_poll(action: &Action) -> bool {
    matches!(action, Action::Poll { .. })
}

fn is_stream(action: &Action) -> bool {
    matches!(action, Action::Open { .. })
}

/// With a server that is there.
fn until_sent(connection: &mut Connection, now: &mut Millis) {
    assert!(!connection.is_sending());
    for _ in 0..20 {
        connection.probed(true, *now);
        connection.advance(SENDING, *now);
        if connection.is_sending() {
            return;
        }
        *now = connection.deadline().unwrap().max(after(*now, 1));
    }
    panic!("never sent");
}

/// A leading tab behind a middle man that holds streams back, with its first poll under way.
fn polling() -> (Connection, u64, Millis) {
    let mut connection = Connection::new(3);
    connection.lead();
    let mut now = NOW;
    let [Action::Open { feed }] = connection.advance(QUIET, now)[..] else { panic!("no feed is opened") };
    connection.opened(feed, now);
    let poll = until_asked(&mut connection, &mut now, is_poll);
    let Action::Poll { feed, wait: 0 } = poll else { panic!("{poll:?}") };
    (connection, feed, now)
}

#[test]
fn f19_a_stream_that_opens_and_says_nothing_is_replaced_by_polls() {
    let (mut connection, feed, now) = polling();
    assert!(now < after(NOW, FIRST_WORD + 2_000));
    assert_eq!(connection.state(0, 0, now), DataState::NotConnected);
    connection.heard(now);
    connection.polled(feed, false, now);
    assert_eq!(connection.state(0, 0, now), DataState::Live, "between two polls too");
    let mut now = now;
    let poll = until_asked(&mut connection, &mut now, is_poll);
    assert!(matches!(poll, Action::Poll { wait: POLL_WAIT, .. }), "{poll:?}");
}

#[test]
fn f19_a_stream_whose_head_is_held_back_too_is_replaced_by_polls() {
    let mut connection = Connection::new(3);
    connection.lead();
    connection.advance(QUIET, NOW);
    let mut now = NOW;
    until_asked(&mut connection, &mut now, is_poll);
}

#[test]
fn f19_three_short_streams_in_a_row_are_replaced_by_polls_and_two_are_not() {
    let mut connection = Connection::new(3);
    connection.lead();
    let mut now = NOW;
    let mut asked = connection.advance(QUIET, now);
    for _ in 0..3 {
        let Some(Action::Open { feed }) = asked.into_iter().find(is_stream) else { panic!("a stream is tried") };
        connection.opened(feed, now);
        connection.heard(now);
        now = after(now, 300);
        connection.closed(0, now);
        connection.probed(true, now);
        asked = vec![until_asked(&mut connection, &mut now, |action| is_stream(action) || is_poll(action))];
    }
    assert!(is_poll(&asked[0]), "{asked:?}");

    let (mut connection, _) = leading();
    for _ in 0..5 {
        // Long enough, each of them.
        now = after(now, 5_000);
        connection.closed(0, now);
        let Action::Open { feed } = until_asked(&mut connection, &mut now, is_stream) else { unreachable!() };
        connection.opened(feed, now);
        connection.heard(now);
    }
}

#[test]
fn f19_a_stream_is_tried_now_and_then_and_taken_when_it_speaks() {
    let (mut connection, mut feed, mut now) = polling();
    let mut trials = Vec::new();
    while trials.len() < 4 {
        connection.heard(now);
        connection.polled(feed, true, now);
        match until_asked(&mut connection, &mut now, |action| is_stream(action) || is_poll(action)) {
            Action::Poll { feed: next, .. } => {
                feed = next;
                now = after(now, POLL_WAIT);
            }
            Action::Open { feed: tried } => {
                trials.push(now);
                connection.opened(tried, now);
                assert_eq!(connection.state(0, 0, now), DataState::Live, "nothing is missed meanwhile");
                if trials.len() < 4 {
                    let poll = until_asked(&mut connection, &mut now, is_poll);
                    let Action::Poll { feed: next, wait: POLL_WAIT } = poll else { panic!("{poll:?}") };
                    feed = next;
                } else {
                    connection.heard(now);
                }
            }
            other => panic!("{other:?}"),
        }
    }
    let pauses: Vec<i64> = trials.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(pauses[0] >= 2 * FIRST_TRIAL && pauses[1] > pauses[0] && pauses[2] > pauses[1], "{pauses:?}");
    // It spoke: from here on it is the stream again, also after a cut.
    now = after(now, 5_000);
    connection.closed(0, now);
    until_asked(&mut connection, &mut now, |action| {
        assert!(!is_poll(action));
        is_stream(action)
    });
}

#[test]
fn f19_polls_that_are_answered_at_once_with_nothing_do_not_follow_each_other_at_once() {
    let (mut connection, mut feed, mut now) = polling();
    let mut polls = 0;
    let end = after(now, 50_000);
    while now < end {
        connection.heard(now);
        connection.polled(feed, false, now);
        let Action::Poll { feed: next, .. } = until_asked(&mut connection, &mut now, is_poll) else { unreachable!() };
        feed = next;
        polls += 1;
    }
    assert!((20..60).contains(&polls), "{polls} in 50 s");
}

#[test]
fn f20_a_poll_that_is_never_answered_ends() {
    let (mut connection, feed, mut now) = polling();
    let again = until_asked(&mut connection, &mut now, is_poll);
    assert!(!connection.is_feed(feed) && now >= after(NOW, POLL), "{again:?}");
}

#[test]
fn a_feed_that_is_silent_for_two_heartbeats_is_closed_and_opened_again() {
    let (mut connection, _) = leading();
    assert!(connection.advance(QUIET, after(NOW, SILENCE - 1)).is_empty());
    assert_eq!(connection.advance(QUIET, after(NOW, SILENCE)), [Action::Close, Action::Probe]);
    assert_eq!(connection.state(0, 0, after(NOW, SILENCE)), DataState::NotConnected);
    let again = connection.advance(QUIET, connection.next_attempt().unwrap());
    assert!(matches!(again[..], [Action::Open { .. }]), "{again:?}");
}

#[test]
fn a_failed_push_and_a_failed_probe_are_unreachable_and_no_network_is_not_connected() {
    let (mut connection, feed) = leading();
    assert!(connection.is_feed(feed));
    connection.closed(0, NOW);
    connection.probed(false, NOW);
    assert_eq!(connection.state(0, 0, NOW), DataState::Unreachable);
    connection.network_down(NOW);
    assert_eq!(connection.state(0, 0, NOW), DataState::NotConnected);
}

#[test]
fn one_push_is_under_way_at_a_time_and_one_that_is_never_answered_ends() {
    let (mut connection, _) = leading();
    let [Action::Push { ticket }] = connection.advance(SENDING, NOW)[..] else { panic!("nothing is sent") };
    assert!(connection.advance(SENDING, NOW).is_empty());
    connection.advance(SENDING, after(NOW, ANSWER));
    assert!(!connection.is_sending());
    assert!(!connection.answered(ticket), "too late to end anything");
}

#[test]
fn p7_a_push_is_not_waited_for_long_once_a_feed_speaks_that_was_opened_after_it() {
    let (mut connection, _) = leading();
    let [Action::Push { ticket }] = connection.advance(SENDING, NOW)[..] else { panic!("nothing is sent") };
    connection.heard(NOW);
    connection.advance(SENDING, after(NOW, OVERTAKEN));
    assert!(connection.is_sending(), "the feed that was open already tells nothing");

    let mut now = after(NOW, OVERTAKEN);
    connection.closed(0, now);
    let Action::Open { feed } = until_asked(&mut connection, &mut now, is_stream) else { unreachable!() };
    connection.opened(feed, now);
    assert!(connection.is_sending(), "it has not said anything");
    for later in 0..OVERTAKEN {
        connection.heard(after(now, later));
        connection.advance(SENDING, after(now, later));
        assert!(connection.is_sending());
    }
    now = after(now, OVERTAKEN);
    connection.advance(SENDING, now);
    assert!(!connection.is_sending());
    assert!(!connection.answered(ticket), "too late to end anything, and its verdicts are taken all the same");

    until_sent(&mut connection, &mut now);
    connection.heard(now);
    assert!(now < after(NOW, ANSWER));
    connection.advance(SENDING, after(now, ANSWER - 1));
    assert!(connection.is_sending(), "the next one has all its time");
}

#[test]
fn a_pause_closes_everything_and_a_resumption_opens_it() {
    let (mut connection, _) = leading();
    connection.pause();
    assert_eq!(connection.advance(SENDING, NOW), [Action::Close]);
    assert_eq!(connection.state(0, 3, NOW), DataState::Paused);
    connection.unpause(NOW);
    let actions = connection.advance(SENDING, NOW);
    assert!(actions.iter().any(|action| matches!(action, Action::Open { .. })));
    assert!(actions.iter().any(|action| matches!(action, Action::Push { .. })));
}

#[test]
fn hints_of_the_operating_system_only_cause_a_probe() {
    let (mut connection, _) = leading();
    connection.closed(0, NOW);
    connection.probed(false, NOW);
    connection.advance(QUIET, NOW);
    connection.network_up(NOW);
    assert_eq!(connection.advance(QUIET, NOW), [Action::Probe]);
    connection.probed(true, NOW);
    assert!(matches!(connection.advance(QUIET, NOW)[..], [Action::Open { .. }]), "it helped, so it is tried at once");
}

#[test]
fn a_feed_that_does_not_bring_what_it_owes_is_opened_again() {
    let (mut connection, feed) = leading();
    connection.behind(true, false, NOW);
    assert!(connection.advance(QUIET, after(NOW, BEHIND - 1)).is_empty());
    connection.advance(QUIET, after(NOW, BEHIND));
    assert!(!connection.is_feed(feed));
}

#[test]
fn a_replica_that_never_agrees_does_not_fetch_without_a_pause() {
    let (mut connection, _) = leading();
    let needs = Needs { snapshot: true, ..QUIET };
    let mut now = NOW;
    let mut fetches = 0;
    while now < after(NOW, 60_000) {
        for action in connection.advance(needs, now) {
            if let Action::Fetch { .. } = action {
                fetches += 1;
                connection.fetched(now);
                for opened in connection.advance(QUIET, now) {
                    if let Action::Open { feed } = opened {
                        connection.opened(feed, now);
                        connection.heard(now);
                    }
                }
            }
        }
        now = after(now, 100);
    }
    assert!((2..60).contains(&fetches), "{fetches} in a minute");
}

/// How long after `now` the next attempt is made at the latest, by many devices.
fn longest_pause(now: Millis, failing: impl Fn(&mut Connection)) -> i64 {
    let pauses = (0..200).map(|seed| {
        let mut connection = Connection::new(seed);
        connection.lead();
        connection.advance(QUIET, NOW);
        connection.heard(NOW);
        failing(&mut connection);
        connection.next_attempt().map_or(0, |at| at.0 - now.0)
    });
    pauses.max().unwrap_or(0)
}

/// The server is gone for an hour, and each attempt fails.
fn fail_until(connection: &mut Connection, needs: Needs, end: Millis) {
    let mut now = NOW;
    connection.closed(0, now);
    while now < end {
        now = connection.deadline().unwrap().max(after(now, 1)).min(end);
        for action in connection.advance(needs, now) {
            match action {
                Action::Probe => connection.probed(false, now),
                Action::Open { .. } => connection.closed(0, now),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn us_13_a_page_in_sight_finds_a_server_that_is_back_within_seconds() {
    for (minutes, needs) in [(1, QUIET), (4, QUIET), (60, SENDING)] {
        let now = after(NOW, minutes * 60_000);
        let pause = longest_pause(now, |connection| fail_until(connection, needs, now));
        assert!((2_000..=3_000).contains(&pause), "{pause} ms after {minutes} minutes");
    }
}

#[test]
fn us_13_a_page_that_nobody_looks_at_or_that_was_silent_for_long_leaves_the_server_in_peace() {
    let now = after(NOW, 60 * 60_000);
    let silent = longest_pause(now, |connection| fail_until(connection, QUIET, now));
    let hidden = longest_pause(now, |connection| {
        connection.hidden();
        fail_until(connection, SENDING, now);
    });
    assert!(silent > 16_000 && hidden > 16_000, "{silent} {hidden}");
    assert!(silent <= 32_000 && hidden <= 32_000, "{silent} {hidden}");
}

#[test]
fn us_06_something_to_send_and_a_person_who_comes_back_do_not_wait_for_the_end_of_a_long_pause() {
    let now = after(NOW, 60 * 60_000);
    let pause = longest_pause(now, |connection| {
        fail_until(connection, QUIET, now);
        connection.advance(SENDING, now);
    });
    assert!(pause <= 3_000, "{pause}");
    let pause = longest_pause(now, |connection| {
        connection.hidden();
        fail_until(connection, SENDING, now);
        connection.resumed(now);
        connection.advance(SENDING, now);
    });
    assert!(pause <= 3_000, "{pause}");
    let mut busy = Connection::new(3);
    busy.lead();
    busy.advance(QUIET, NOW);
    busy.closed(60_000, NOW);
    busy.advance(SENDING, NOW);
    assert_eq!(busy.next_attempt(), Some(after(NOW, 60_000)), "never before the server said");
}

#[test]
fn us_15_nothing_is_sent_into_the_dark() {
    let (mut connection, _) = leading();
    connection.closed(0, NOW);
    assert_eq!(connection.advance(SENDING, NOW), [Action::Probe], "what broke is asked about first");
    connection.probed(false, NOW);
    let mut now = NOW;
    while now < after(NOW, 600_000) {
        now = connection.deadline().unwrap().max(after(now, 1));
        for action in connection.advance(SENDING, now) {
            match action {
                Action::Probe => connection.probed(false, now),
                Action::Open { .. } => connection.closed(0, now),
                other => panic!("{other:?}"),
            }
        }
    }
    while !connection.advance(SENDING, now).contains(&Action::Probe) {
        now = connection.deadline().unwrap().max(after(now, 1));
    }
    connection.probed(true, now);
    let actions = connection.advance(SENDING, now);
    assert!(actions.iter().any(|action| matches!(action, Action::Push { .. })), "{actions:?}");
}

#[test]
fn us_30_a_following_tab_shows_what_the_leading_one_says_for_as_long_as_it_is_heard() {
    let mut connection = Connection::new(3);
    connection.advance(QUIET, NOW);
    for state in [DataState::SignIn, DataState::Update, DataState::Storage, DataState::Unreachable, DataState::Paused] {
        connection.leader_says(state, NOW);
        assert_eq!(connection.state(0, 1, NOW), state);
    }
    connection.leader_says(DataState::Live, NOW);
    assert_eq!(connection.state(0, 0, NOW), DataState::Live);
    assert_eq!(connection.state(0, 1, NOW), DataState::CatchingUp, "of its own commands it knows itself");
    assert_eq!(connection.deadline(), Some(after(NOW, SILENCE)));
    connection.advance(QUIET, after(NOW, SILENCE));
    assert_eq!(connection.state(0, 0, after(NOW, SILENCE)), DataState::NotConnected);
    connection.leader_says(DataState::SignIn, NOW);
    connection.lead();
    assert_ne!(connection.state(0, 0, NOW), DataState::SignIn, "a leading tab finds out by itself");
    connection.leader_says(DataState::SignIn, NOW);
    assert_ne!(connection.state(0, 0, NOW), DataState::SignIn, "also while another one leads too");
}

#[test]
fn us_14_a_page_without_a_session_asks_for_one_when_somebody_looks_at_it_again() {
    let (mut connection, _) = leading();
    connection.stop_all(Stop::SignIn);
    connection.advance(SENDING, NOW);
    assert!(connection.advance(SENDING, after(NOW, 3_600_000)).is_empty(), "by itself it asks nothing");
    assert_eq!(connection.state(0, 1, NOW), DataState::SignIn);

    // They have signed in through another page of this browser.
    let now = after(NOW, 3_600_001);
    connection.resumed(now);
    let is_feed = |action: &Action| matches!(action, Action::Open { .. });
    assert!(connection.advance(SENDING, now).iter().any(is_feed));
    assert_ne!(connection.state(0, 1, now), DataState::SignIn);

    // Or have not.
    connection.stop_all(Stop::SignIn);
    connection.advance(SENDING, now);
    assert_eq!(connection.state(0, 1, now), DataState::SignIn);
    connection.stop_all(Stop::Revoked);
    connection.resumed(now);
    assert_eq!(connection.state(0, 1, now), DataState::Revoked, "whoever was shut out has not signed out");
}

proptest! {
    #[test]
    fn retries_spread_between_nought_and_a_bound_and_never_before_the_server_said(
        seed: u64, failures in 1_u32..40, retry_after in 0_i64..100_000,
    ) {
        let mut connection = Connection::new(seed);
        let (until, floor) = connection.back_off(failures, retry_after, NOW);
        let bound = (1_000_i64 << failures.saturating_sub(1).min(5)).min(3_000);
        prop_assert_eq!(floor, after(NOW, retry_after));
        prop_assert!(until >= floor);
        prop_assert!(until <= after(NOW, bound.max(retry_after)));
    }

    #[test]
    fn a_draining_server_is_left_alone_for_no_longer_than_its_spread(seed: u64, spread in 0_u32..60_000) {
        let mut connection = Connection::new(seed);
        connection.lead();
        connection.advance(QUIET, NOW);
        connection.bye(spread, NOW);
        prop_assert!(connection.next_attempt().unwrap() <= after(NOW, i64::from(spread)));
    }
}
