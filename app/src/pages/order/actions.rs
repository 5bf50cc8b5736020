//! What can be done with an order, by how far it is. Issues `order.place`, `order.add_item`, `order.remove_item`,
//! `order.take_what_is_left`, `order.back_order`, `order.cancel`, `order.hand_over`, `order.settle`.

use domain::projections::orders::OrderState;
use leptos::prelude::*;

use super::Model;
use crate::{
    text,
    ui::{
        command_form::CommandForm,
        erased::{IntoPart, Part, Parts, follow},
        field::{Field, Kind},
        proposals::Proposals,
    },
    viewer::{Offered, Viewer},
};

/// One press: the command with the order's number, nothing to fill in.
type Press = (&'static str, &'static str, &'static str);

const PLACE: Press = ("order.place", "place-order", "Place the order");
const PLACE_AGAIN: Press = ("order.place", "place-order", "Place it again");
const TAKE_WHAT_IS_LEFT: Press = ("order.take_what_is_left", "take-what-is-left", "Take what is left");
const BACK_ORDER: Press = ("order.back_order", "back-order", "Back-order");
const HAND_OVER: Press = ("order.hand_over", "hand-over", "Hand over");
const HANDED_OVER: Press = ("order.hand_over", "hand-over", "It was handed over");
const SEEN_TO: Press = ("order.settle", "settle", "Seen to");
const CANCEL: Press = ("order.cancel", "cancel-order", "Cancel the order");

/// What a person is offered, the likeliest first. What the goods did is a fact, so a cancelled order can be handed over.
fn presses(state: OrderState, lacks_goods: bool, to_be_seen_to: bool) -> Vec<Press> {
    match state {
        OrderState::Draft => vec![PLACE, CANCEL],
        OrderState::Rejected if lacks_goods => vec![TAKE_WHAT_IS_LEFT, BACK_ORDER, PLACE_AGAIN, CANCEL],
        OrderState::Rejected => vec![PLACE_AGAIN, CANCEL],
        OrderState::Placed | OrderState::Accepted => vec![HAND_OVER, CANCEL],
        OrderState::Cancelled => vec![HANDED_OVER],
        OrderState::HandedOver if to_be_seen_to => vec![SEEN_TO],
        OrderState::HandedOver => vec![],
    }
}

#[component]
pub(super) fn Actions(model: Memo<Model>) -> impl IntoView {
    let order_id = model.with_untracked(|model| model.order_id.clone());
    let offered = model.part(|model| presses(model.state, model.lacks_goods, model.to_be_seen_to));
    let reason = model.part(|model| model.reason.clone());
    let changeable = model.part(|model| model.state.may_change());
    let id = order_id.clone();
    view! {
        {follow(move || reason.get().map(|reason| view! { <p class="reason">{text::sentence_of(&format!("Not accepted: {reason}"))}</p> }))}
        {follow(move || {
            let viewer = Viewer::of_context();
            let presses = offered.get().into_iter().filter(|(command, ..)| viewer.may(command).is_ok());
            let presses: Vec<_> = presses.enumerate().map(|(index, it)| press(order_id.clone(), it, index == 0)).collect();
            view! { <div class="actions" data-testid="order-actions">{presses}</div> }.into_part()
        })}
        {follow(move || changeable.get().then(|| view! { <AddItem order_id=id.clone() model/> }))}
    }
}

fn press(order_id: String, (command, form, label): Press, is_first: bool) -> Part {
    view! {
        <CommandForm command id=form class="actions">
            <input type="hidden" name="order_id" value=order_id/>
            <button type="submit" class=if is_first { "primary" } else { "quiet" }>{label}</button>
        </CommandForm>
    }
    .into_part()
}

#[component]
fn AddItem(order_id: String, model: Memo<Model>) -> impl IntoView {
    view! {
        <Offered command="order.add_item">
            <CommandForm command="order.add_item" id="add-item" label="Add an item">
                <input type="hidden" name="order_id" value=order_id/>
                <div class="field-row">
                    <Field name="sku" label="SKU" kind=Kind::Code required=true list="products"/>
                    <Field name="qty" label="Quantity" kind=Kind::Units required=true/>
                </div>
                <div class="actions"><button type="submit">"Add it"</button></div>
            </CommandForm>
            <Proposals id="products" list=model.part(|model| model.products.clone())/>
        </Offered>
    }
}

/// Beside a line that may still change.
#[component]
pub(super) fn Remove(order_id: String, sku: String) -> impl IntoView {
    let label = format!("Take {sku} out");
    view! {
        <CommandForm command="order.remove_item" id=format!("remove-{sku}") class="actions">
            <input type="hidden" name="order_id" value=order_id/>
            <input type="hidden" name="sku" value=sku/>
            <button type="submit" class="quiet" aria-label=label>"Take out"</button>
        </CommandForm>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_14_an_order_that_ran_into_a_shortage_offers_what_is_left_and_a_back_order() {
        let labels = |presses: Vec<Press>| presses.into_iter().map(|(_, _, label)| label).collect::<Vec<_>>();
        assert_eq!(
            labels(presses(OrderState::Rejected, true, false)),
            ["Take what is left", "Back-order", "Place it again", "Cancel the order"]
        );
        assert_eq!(labels(presses(OrderState::Rejected, false, false)), ["Place it again", "Cancel the order"]);
        assert_eq!(labels(presses(OrderState::Cancelled, false, false)), ["It was handed over"]);
        assert!(presses(OrderState::HandedOver, false, false).is_empty());
    }
}
