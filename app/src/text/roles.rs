//! What a role may not see or do, and whom to ask.

use domain::{Command, Refusal, books::Role};

use crate::{forms, viewer::Takes};

/// Said in place of an entry that is about money, to whoever sees none.
pub const ABOUT_MONEY: &str = "An entry about money.";

/// Why a page does not open.
#[must_use]
pub fn not_for_role(takes: &Takes) -> String {
    match takes {
        Takes::Money => "This page is about money, which is not for a stock hand to see. Ask a manager.".to_owned(),
        Takes::Command(command) => match Role::Reader.may_send_type(command) {
            Err(refusal) => only(command, &refusal),
            Ok(()) => String::new(),
        },
        Takes::Owner => "Only an owner can open this page. Ask one.".to_owned(),
    }
}

/// Who can give a command, where it is not offered.
#[must_use]
pub fn only(command_type: &str, refusal: &Refusal) -> String {
    format!("Only {} can {}. Ask one.", whoever(refusal), deed(command_type))
}

/// Why a command that was given while it was allowed is not accepted any more, for lack of the role.
#[must_use]
pub fn no_longer(command: &Command, refusal: &Refusal) -> String {
    format!("Not accepted. You can no longer {}. Ask {}.", deed(forms::type_of(command)), whoever(refusal))
}

/// Those who may, by the first of them.
fn whoever(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotAllowed { needs, .. } => match Role::of_word(needs) {
            Some(Role::Owner) => "an owner",
            Some(Role::Seller) => "a seller or a manager",
            Some(Role::StockHand) => "a stock hand or a manager",
            Some(Role::Manager | Role::Reader) | None => "a manager",
        },
        _ => "a manager",
    }
}

/// What commands of a type do, after *can*.
fn deed(command_type: &str) -> &'static str {
    match command_type {
        "product.add" => "add products",
        "product.change" => "change prices and details",
        "product.archive" | "product.unarchive" => "archive products",
        "stock.receive" => "receive goods",
        "stock.change_quantity" | "stock.adjust" => "correct quantities",
        "stock.count" => "count",
        "stock.damage" => "take goods out",
        "order.allocate" | "order.free" => "reserve goods",
        "order.add_item" | "order.remove_item" | "order.take_what_is_left" | "order.back_order" => "change orders",
        "order.place" => "take orders",
        "order.cancel" => "cancel orders",
        "order.hand_over" | "order.settle" => "hand orders over",
        "sale.record" => "sell",
        "sale.put_back" => "put sales back",
        "account.open" => "open accounts",
        "account.change" => "change accounts and their limits",
        "account.credit" | "account.debit" => "pay in and take out",
        "account.close" => "close accounts",
        "account.approve" => "agree to what goes over a limit",
        "transfer.request" => "move money between accounts",
        "shop.set_currency" => "change the currency",
        "picture.add" => "add pictures",
        "comment.add" | "comment.edit" | "comment.delete" | "comment.put_back" => "comment",
        "change.decline" => "give up what others wrote",
        _ => "do this",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_somebody_may_not_give_says_who_can() {
        for command in Command::types() {
            let refusal = Role::Reader.may_send_type(command).unwrap_err();
            let words = only(command, &refusal);
            assert!(!words.contains("do this"), "{command}: {words}");
        }
        let refusal = Role::Seller.may_send_type("product.change").unwrap_err();
        assert_eq!(only("product.change", &refusal), "Only a manager can change prices and details. Ask one.");
    }
}
