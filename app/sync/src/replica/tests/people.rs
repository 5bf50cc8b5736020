//! Several people on one device, one after another.

use super::*;
use crate::unsent_file::{self, Unsent};

fn of(login: &str) -> Config {
    Config { person: Some(login.into()), ..config() }
}

/// A device of which `person` made a sale, `number`, and then closed it.
fn left_behind(person: Option<&str>, number: u128) -> OutboxRecord {
    let mut replica = Shop::new().replica().0;
    replica.config.person = person.map(Into::into);
    replica.handle(Input::Pause, NOW);
    let issued = issue(&mut replica, number, "sale.record", sale(u32::try_from(number).unwrap(), "OAT-1")).unwrap();
    let kept = issued.outputs.iter().find_map(|output| match output {
        Output::Persist(record) => Some((**record).clone()),
        _ => None,
    });
    kept.unwrap()
}

/// What the device sends when it is opened with this in storage.
fn sent(config: Config, outbox: Vec<OutboxRecord>) -> Option<Push> {
    let (shop, stored) = (Shop::new(), StoredState { outbox, ..StoredState::default() });
    let (mut replica, _) = Replica::restore(config, stored, NOW);
    replica.handle(Input::SnapshotOffered(shop.snapshot()), NOW);
    replica.handle(Input::Probed { reached: true }, NOW);
    pushed(&replica.handle(Input::Lead, NOW)).map(|(_, push)| push)
}

#[test]
fn us_14_what_somebody_left_unsent_waits_for_them_and_for_nobody_else() {
    let (ashas, mareks) = (left_behind(Some("asha"), 1), left_behind(Some("marek"), 2));
    assert_eq!(ashas.person.as_deref(), Some("asha"));
    for (person, number) in [("asha", 1), ("marek", 2)] {
        let push = sent(of(person), vec![ashas.clone(), mareks.clone()]).unwrap();
        assert_eq!((ids(&push), push.person.as_deref()), (vec![id(number)], Some(person)));
    }
    assert!(sent(of("eve"), vec![ashas.clone(), mareks.clone()]).is_none());

    // While nobody has said who is there, each person's go by themselves, and the server knows whose session it is.
    let push = sent(config(), vec![ashas.clone(), mareks]).unwrap();
    assert_eq!((ids(&push), push.person.as_deref()), (vec![id(1)], Some("asha")));
    // From before it was written down, or of a shop that asked nobody.
    let push = sent(of("marek"), vec![left_behind(None, 3)]).unwrap();
    assert_eq!((ids(&push), push.person.as_deref()), (vec![id(3)], Some("marek")));
    assert_eq!(sent(config(), vec![left_behind(None, 3)]).unwrap().person, None);
}

#[test]
fn us_14_what_another_tab_or_late_storage_tells_of_somebody_else_is_left_alone() {
    let ashas = left_behind(Some("asha"), 1);
    let (mut replica, _) = Shop::new().replica();
    replica.config.person = Some("marek".into());
    for input in [Input::Adopted(Box::new(ashas.clone())), Input::FoundLate(vec![ashas.clone()])] {
        let outputs = replica.handle(input, NOW);
        assert!(pushed(&outputs).is_none());
        assert_eq!(replica.pending().count(), 0, "neither sent nor shown");
        assert!(!outputs.iter().any(|output| matches!(output, Output::Forget(_))), "nor taken away");
    }
}

#[test]
fn us_14_what_settled_is_offered_again_by_whoever_gave_it() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    replica.config.person = Some("asha".into());
    let (_, push) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    shop.answer(push);
    let outputs = shop.feed(&mut replica, feed, NOW);
    let settled = outputs.iter().find_map(|output| match output {
        Output::Keep { acknowledged, .. } => Some((**acknowledged).clone()),
        _ => None,
    });
    let settled = settled.unwrap();
    assert_eq!(settled.person.as_deref(), Some("asha"));
    assert_eq!(settled.clone().offered().person.as_deref(), Some("asha"));
    let stored = || StoredState { acknowledged: vec![settled.clone()], ..StoredState::default() };
    let known = |person: &str| Replica::restore(of(person), stored(), NOW).0.kept.last_sequence();
    assert_eq!((known("asha"), known("marek")), (settled.sequence, 0));
}

fn sharing(login: &str, colleagues: &[(&str, Role)]) -> Config {
    let colleague = |(login, role): &(&str, Role)| Author { actor: (*login).into(), role: *role };
    Config { colleagues: colleagues.iter().map(colleague).collect(), ..of(login) }
}

#[test]
fn us_14_what_a_colleague_left_is_shown_and_sent_under_their_name() {
    let (ashas, mareks) = (left_behind(Some("asha"), 1), left_behind(Some("marek"), 2));
    let (shop, config) = (Shop::new(), sharing("marek", &[("asha", Role::Seller)]));
    let stored = StoredState { outbox: vec![ashas, mareks, left_behind(Some("eve"), 3)], ..StoredState::default() };
    let (mut replica, _) = Replica::restore(config, stored, NOW);
    replica.handle(Input::SnapshotOffered(shop.snapshot()), NOW);
    let by = |replica: &Replica, number: u32| {
        let sale = domain::values::SaleId::parse(&format!("S-{number}")).unwrap();
        replica.overlay().aggregates.sales.contains_key(&sale)
    };
    assert_eq!([1, 2, 3].map(|number| by(&replica, number)), [true, true, false], "both are in the numbers");
    replica.handle(Input::Probed { reached: true }, NOW);
    let (ticket, push) = pushed(&replica.handle(Input::Lead, NOW)).unwrap();
    assert_eq!((ids(&push), push.person.as_deref()), (vec![id(1)], Some("asha")));

    // The server does not know her on this device any more: hers waits, and his goes on.
    let refused = Input::PushAnswered { ticket, answer: Err(ProtocolError::NotSignedIn) };
    let (_, push) = pushed(&replica.handle(refused, NOW)).unwrap();
    assert_eq!((ids(&push), push.person.as_deref()), (vec![id(2)], Some("marek")));
    assert_ne!(replica.connection().state, DataState::SignIn);
    assert!(replica.pending_of(id(1)).is_some_and(|view| view.state == SyncState::SavedHere), "and is not lost");
    let again = replica.handle(Input::SignedIn, NOW);
    assert!(!again.iter().any(|output| matches!(output, Output::Forget(_))));
}

#[test]
fn us_14_a_colleagues_command_is_decided_with_their_role() {
    let stored = || StoredState { outbox: vec![left_behind(Some("asha"), 1)], ..StoredState::default() };
    let state = |role: Role| {
        let (mut replica, _) = Replica::restore(sharing("marek", &[("asha", role)]), stored(), NOW);
        replica.handle(Input::SnapshotOffered(Shop::new().snapshot()), NOW);
        replica.pending_of(id(1)).unwrap().state
    };
    assert_eq!((state(Role::Seller), state(Role::Reader)), (SyncState::SavedHere, SyncState::AtRisk));
}

#[test]
fn us_22_another_role_is_decided_by_at_once_and_the_server_has_the_last_word() {
    let shop = Shop::new();
    let (mut replica, _) = shop.replica();
    let change = json!({ "sku": "OAT-1", "price": 999 });
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "product.change", change.clone());
    let view = |replica: &Replica| replica.pending_of(id(1)).unwrap();
    assert_eq!(view(&replica).at_risk, None);

    // An owner who is a seller now, and has not heard of it: what they wrote stays, and says so.
    let outputs = replica.handle(Input::InRole(Role::Seller), NOW);
    assert!(
        outputs.iter().any(|output| matches!(output, Output::Changed(changes) if changes.books && changes.pending))
    );
    assert_eq!(view(&replica).at_risk.map(|refusal| refusal.code()), Some("not_allowed"));
    assert_eq!(replica.author().role, Role::Seller);
    assert!(issue(&mut replica, 2, "product.change", change).is_err(), "what comes next is refused here");
    assert!(issue(&mut replica, 3, "sale.record", sale(3, "OAT-1")).is_ok());
    assert!(replica.handle(Input::InRole(Role::Seller), NOW).is_empty(), "the same again is no news");

    // And back: it is as it was.
    replica.handle(Input::InRole(Role::Manager), NOW);
    assert_eq!(view(&replica).at_risk, None);
}

#[test]
fn us_22_who_agrees_does_so_in_their_own_name_and_only_if_they_share_the_device() {
    let mut shop = Shop::new();
    let open = json!({"account_id": "1", "title": "t", "owner": "o", "initial_balance": 0});
    shop.other("account.open", open);
    let config = Config {
        author: Author { actor: "marek".into(), role: Role::Seller },
        ..sharing("marek", &[("asha", Role::Manager)])
    };
    let mut replica = Replica::new(config);
    replica.handle(Input::SnapshotOffered(shop.snapshot()), NOW);
    let agree = || command("account.approve", json!({"account_id": "1", "sale_id": "S-1", "amount": 250}));
    for nobody in [None, Some("eve".into())] {
        let refused = replica.issue(Issue { by: nobody, ..Issue::new(id(1), agree()) }, NOW).unwrap_err();
        assert_eq!(refused.code(), "not_allowed");
    }
    let issued = replica.issue(Issue { by: Some("asha".into()), ..Issue::new(id(1), agree()) }, NOW).unwrap();
    assert!(matches!(&issued.outputs[0], Output::Persist(record) if record.person.as_deref() == Some("asha")));
    replica.handle(Input::Persisted(id(1)), NOW);
    saved(&mut replica, 2, "sale.record", sale(1, "OAT-1"));
    replica.handle(Input::Probed { reached: true }, NOW);
    let (ticket, push) = pushed(&replica.handle(Input::Lead, NOW)).unwrap();
    assert_eq!((ids(&push), push.person.as_deref()), (vec![id(1)], Some("asha")));
    let answer = shop.answer(push);
    let (_, push) = pushed(&replica.handle(answered(ticket, answer), NOW)).unwrap();
    assert_eq!((ids(&push), push.person.as_deref()), (vec![id(2)], Some("marek")));
}

/// A till at which `person` is, with a sale of Asha's that was refused, 1, and one of hers that was never sent, 2.
fn with_ashas(person: &str, role: Role) -> Replica {
    let colleagues: &[_] = if person == "asha" { &[] } else { &[("asha", Role::Manager)] };
    let config = Config { author: Author { actor: person.into(), role }, ..sharing(person, colleagues) };
    let refusal = Refusal::OutOfStock { sku: Sku::parse("OAT-1").unwrap(), asked: 1, left: 0, available: 0 };
    let reason = Reason::Refused { position: Some(3), refusal };
    let refused = OutboxRecord { stage: Stage::Refused { reason }, attempted: true, ..left_behind(Some("asha"), 1) };
    let stored = StoredState { outbox: vec![refused, left_behind(Some("asha"), 2)], ..StoredState::default() };
    let (mut replica, _) = Replica::restore(config, stored, NOW);
    replica.handle(Input::SnapshotOffered(Shop::new().snapshot()), NOW);
    replica.handle(Input::Lead, NOW);
    replica
}

fn persisted(outputs: &[Output]) -> Vec<OutboxRecord> {
    let records = outputs.iter().filter_map(|output| match output {
        Output::Persist(record) => Some((**record).clone()),
        _ => None,
    });
    records.collect()
}

#[test]
fn us_14_a_colleague_decides_nothing_about_what_another_one_wrote() {
    let mut replica = with_ashas("marek", Role::Seller);
    for number in [1, 2] {
        let view = replica.pending_of(id(number)).unwrap();
        assert_eq!((view.decidable, view.discardable, view.replaceable), (false, false, false), "{number}");
        assert_eq!(view.of_colleague.as_deref(), Some("asha"));
        assert!(replica.discard(id(number), "Mistake", Dependants::Wait, NOW).is_err());
        let another = Issue::new(id(80), command("sale.record", sale(80, "OAT-1")));
        assert_eq!(replica.replace(id(number), another, NOW).unwrap_err(), NotIssued::NotNow(NotNow::State));
    }
    assert_eq!(replica.retry(id(1), id(90), NOW).unwrap_err(), NotNow::State);
    assert_eq!((state(&replica, 1), state(&replica, 2)), (Some(SyncState::NeedsAttention), Some(SyncState::SavedHere)));

    // Nor by giving up what hers waits for.
    issue(&mut replica, 5, "sale.record", sale(5, "OAT-1")).unwrap();
    replica.handle(Input::StorageFailed(id(5)), NOW);
    for (person, number) in [("asha", 6), ("marek", 7)] {
        let record = left_behind(Some(person), number);
        let submission = Submission { depends_on: vec![id(5)], ..record.submission };
        let held = OutboxRecord { submission, stage: Stage::Held { by: id(5) }, ..record };
        replica.handle(Input::Adopted(Box::new(held)), NOW);
    }
    replica.discard(id(5), "Mistake", Dependants::GiveUp, NOW).unwrap();
    let states = [5, 6, 7].map(|number| state(&replica, number).unwrap());
    assert_eq!(states, [SyncState::Discarded, SyncState::Held, SyncState::Discarded]);
}

#[test]
fn us_14_what_its_author_or_somebody_who_answers_for_others_sends_again_stays_its_authors() {
    for (person, role) in [("asha", Role::Manager), ("eve", Role::Manager)] {
        let mut replica = with_ashas(person, role);
        let outputs = replica.retry(id(1), id(90), NOW).unwrap();
        assert_eq!(persisted(&outputs)[0].person.as_deref(), Some("asha"), "{person}");

        let mut replica = with_ashas(person, role);
        let another = Issue::new(id(80), command("sale.record", sale(80, "OAT-1")));
        let outputs = replica.replace(id(1), another, NOW).unwrap().outputs;
        assert_eq!(persisted(&outputs)[0].person.as_deref(), Some("asha"), "{person}");

        let mut replica = with_ashas(person, role);
        let outputs = replica.discard(id(1), "Mistake", Dependants::Wait, NOW).unwrap();
        assert_eq!(persisted(&outputs)[0].person.as_deref(), Some(person), "who gave it up says so");
        assert_eq!(state(&replica, 1), Some(SyncState::Discarded));
    }
}

#[test]
fn p1_what_could_not_be_stored_is_kept_by_whoever_is_here() {
    let mut replica = with_ashas("marek", Role::Seller);
    replica.handle(Input::StorageLost, NOW);
    replica.handle(Input::StorageFailed(id(2)), NOW);
    assert_eq!(state(&replica, 2), Some(SyncState::NeedsAttention));
    let outputs = replica.retry(id(2), id(90), NOW).unwrap();
    assert_eq!(persisted(&outputs)[0].person.as_deref(), Some("asha"));
}

#[test]
fn us_14_nobody_who_has_not_said_who_they_are_sees_or_decides_what_somebody_left_and_it_is_sent() {
    let refusal = Refusal::OutOfStock { sku: Sku::parse("OAT-1").unwrap(), asked: 1, left: 0, available: 0 };
    let reason = Reason::Refused { position: Some(3), refusal };
    let refused = OutboxRecord { stage: Stage::Refused { reason }, attempted: true, ..left_behind(Some("asha"), 1) };
    let unsent = left_behind(Some("asha"), 2);
    let stored = StoredState { outbox: vec![refused, unsent, left_behind(None, 3)], ..StoredState::default() };
    let mut shop = Shop::new();
    let (mut replica, _) = Replica::restore(config(), stored, NOW);
    replica.handle(Input::SnapshotOffered(shop.snapshot()), NOW);

    assert_eq!(replica.pending().map(|view| view.id).collect::<Vec<_>>(), [id(3)]);
    assert_eq!((replica.pending_of(id(1)), replica.pending_of(id(2))), (None, None));
    let oat = Sku::parse("OAT-1").unwrap();
    assert_eq!(replica.overlay().aggregates.stocks[&oat].on_hand(), 4, "in no number");
    let marks: Vec<_> = replica.marks().into_keys().map(|name| name.to_string()).collect();
    assert!(!marks.iter().any(|name| name.contains("S-1") || name.contains("S-2")), "{marks:?}");
    assert_eq!((replica.connection().attention, replica.withheld()), (0, 2), "how many there are is said");
    assert_eq!(replica.unsent().len(), 1, "nor in a file");

    for number in [1, 2] {
        let another = Issue::new(id(80), command("sale.record", sale(80, "OAT-1")));
        assert!(replica.discard(id(number), "Mistake", Dependants::Wait, NOW).is_err());
        assert!(replica.retry(id(number), id(90), NOW).is_err());
        assert!(replica.replace(id(number), another, NOW).is_err());
    }

    // The session may be hers: this page has only not heard of it.
    replica.handle(Input::Probed { reached: true }, NOW);
    let (ticket, push) = pushed(&replica.handle(Input::Lead, NOW)).unwrap();
    assert_eq!((ids(&push), push.person.as_deref()), (vec![id(2)], Some("asha")));
    let answer = shop.answer(push);
    let (_, push) = pushed(&replica.handle(answered(ticket, answer), NOW)).unwrap();
    assert_eq!((ids(&push), push.person), (vec![id(3)], None));
    let outputs = replica.handle(Input::Relayed(shop.events(replica.confirmed().position)), NOW);
    assert_eq!(kept(&outputs), [id(2)], "and settles as any other");
    assert_eq!((replica.withheld(), replica.overlay().aggregates.stocks[&oat].on_hand()), (1, 3));
}

#[test]
fn us_14_a_file_of_unsent_changes_keeps_whose_each_is() {
    let mut till = Shop::new().replica().0;
    till.config = sharing("marek", &[("asha", Role::Manager)]);
    let shared = vec![left_behind(Some("asha"), 1), left_behind(Some("marek"), 2)];
    till.handle(Input::FoundLate(shared), NOW);
    let names =
        |unsent: &[Unsent]| unsent.iter().map(|one| one.person.as_deref().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&till.unsent()), ["asha", "marek"]);
    let shop = domain::ShopSlug::parse("corner").unwrap();
    let unsent = unsent_file::read(&shop, &unsent_file::write(&shop, &till.unsent()).unwrap()).unwrap();

    // A file is a text that anybody can write: on no device does it say anything in another one's name.
    for config in [of("marek"), sharing("marek", &[("asha", Role::Manager)])] {
        let (mut seller, _) = Shop::new().replica();
        seller.config = config;
        seller.config.author.role = Role::Seller;
        let outputs = seller.take_in(unsent.clone(), NOW);
        let taken: Vec<_> =
            persisted(&outputs).into_iter().map(|record| (record.submission.id, record.person)).collect();
        assert_eq!(taken, [(id(2), Some("marek".into()))]);
        assert!(!seller.has(id(1)));
        assert!(persisted(&seller.take_in(unsent.clone(), NOW)).is_empty(), "the same file once more changes nothing");
    }

    // Whoever leads answers for what it says, also where its author cannot any more.
    let (mut manager, _) = Shop::new().replica();
    manager.config = of("eve");
    let outputs = manager.take_in(unsent, NOW);
    let taken: Vec<_> = persisted(&outputs).into_iter().map(|record| (record.submission.id, record.person)).collect();
    assert_eq!(taken, [(id(1), Some("eve".into())), (id(2), Some("eve".into()))]);
}

#[test]
fn p5_what_waits_here_for_somebody_else_is_not_written_over_under_another_name() {
    let ashas = left_behind(Some("asha"), 1);
    // As an earlier form of the file has it: without a name.
    let nameless = || vec![Unsent::from(ashas.submission.clone())];
    let stored = StoredState { outbox: vec![ashas.clone()], ..StoredState::default() };
    let (mut replica, _) = Replica::restore(of("marek"), stored, NOW);
    assert!(persisted(&replica.take_in(nameless(), NOW)).is_empty());

    for input in [Input::Adopted(Box::new(ashas.clone())), Input::FoundLate(vec![ashas.clone()])] {
        let (mut replica, _) = Replica::restore(of("marek"), StoredState::default(), NOW);
        replica.handle(input, NOW);
        assert!(persisted(&replica.take_in(nameless(), NOW)).is_empty());
        replica.handle(Input::Removed(id(1)), NOW);
        assert_eq!(persisted(&replica.take_in(nameless(), NOW)).len(), 1, "unless it has gone from here");
    }

    // What the browser has cleared is here no more.
    let (mut replica, _) = Replica::restore(of("marek"), StoredState::default(), NOW);
    replica.handle(Input::FoundLate(vec![ashas.clone()]), NOW);
    replica.handle(Input::StorageLost, NOW);
    assert_eq!(persisted(&replica.take_in(nameless(), NOW)).len(), 1);
}
