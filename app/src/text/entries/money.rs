//! What happened to accounts and transfers, in words.

use domain::{account, transfer};

use super::Writer;
use crate::{format::money, ui::sentence::Sentence};

pub(super) fn account(write: &Writer<'_>, event: &account::Event) -> Sentence {
    let start = Sentence::default();
    match event {
        account::Event::AccountOpened(event) => {
            let sentence = write.account(start.then("Opened "), &event.account_id);
            let balance = money(event.initial_balance.minor());
            sentence.then(format!(" for {} with {balance}, limit {}", event.owner, money(event.limit.minor())))
        }
        account::Event::AccountChanged(event) => {
            let parts = [
                event.title.as_ref().map(|title| format!("title {title}")),
                event.owner.as_ref().map(|owner| format!("owner {owner}")),
                event.limit.map(|limit| format!("limit {}", money(limit.minor()))),
            ];
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            write.account(start.then("Changed "), &event.account_id).then(format!(": {}", parts.join(", ")))
        }
        account::Event::AccountClosed(event) => write.account(start.then("Closed "), &event.account_id),
        account::Event::SaleApproved(event) => {
            let amount = money(event.amount.minor());
            write.account(
                start.then(format!("Agreed to {} over the limit: {amount} on ", event.sale_id)),
                &event.account_id,
            )
        }
        account::Event::AccountCredited(event) => {
            let verb = if event.put_back.is_some() { "Put back " } else { "Credited " };
            let sentence = start.then(format!("{verb}{} to ", money(event.amount.minor())));
            let sentence = write.account(sentence, &event.account_id);
            let sentence = cause(write, sentence, event.transfer_id.as_ref(), event.order_id.as_ref());
            let sentence = match &event.sale_id {
                Some(sale) => sentence.then(format!(" · goods of {sale} came back")),
                None => sentence,
            };
            match (&event.put_back, &event.reference) {
                (Some(reason), _) => sentence.then(format!(": {}", super::super::why_not(reason))),
                (None, Some(reference)) => sentence.then(format!(" · {reference}")),
                (None, None) => sentence,
            }
        }
        account::Event::AccountDebited(event) => {
            let sentence = start.then(format!("Debited {} from ", money(event.amount.minor())));
            let sentence = write.account(sentence, &event.account_id);
            let sentence = cause(write, sentence, event.transfer_id.as_ref(), event.order_id.as_ref());
            let note = event.sale_id.as_ref().map(ToString::to_string);
            match note.or_else(|| event.reference.as_ref().map(ToString::to_string)) {
                Some(note) => sentence.then(format!(" · {note}")),
                None => sentence,
            }
        }
    }
}

fn cause(
    write: &Writer<'_>,
    sentence: Sentence,
    transfer: Option<&domain::values::TransferId>,
    order: Option<&domain::values::OrderId>,
) -> Sentence {
    match (transfer, order) {
        (Some(transfer), _) => sentence.then(format!(" · transfer {transfer}")),
        (None, Some(order)) => write.order(sentence.then(" · "), order),
        (None, None) => sentence,
    }
}

pub(super) fn transfer(write: &Writer<'_>, event: &transfer::Event) -> Sentence {
    let start = Sentence::default();
    match event {
        transfer::Event::TransferRequested(event) => {
            let sentence = start.then(format!("Transfer {}: {} from ", event.transfer_id, money(event.amount.minor())));
            let sentence = write.account(write.account(sentence, &event.from).then(" to "), &event.to);
            match &event.reference {
                Some(reference) => sentence.then(format!(" · {reference}")),
                None => sentence,
            }
        }
        transfer::Event::DebitRecorded(event) => {
            start.then(format!("Transfer {}: the money is off", event.transfer_id))
        }
        transfer::Event::CreditRecorded(event) => {
            start.then(format!("Transfer {}: the money has arrived", event.transfer_id))
        }
        transfer::Event::TransferCompleted(event) => start.then(format!("Transfer {} completed", event.transfer_id)),
        transfer::Event::TransferFailed(event) => {
            start.then(format!("Transfer {} failed: {}", event.transfer_id, super::super::why_not(&event.reason)))
        }
    }
}
