//! What follows the log on the server: how far each has come, and whether it is what the log says.

use domain::ShopSlug;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::shop_status,
    status::{Follower, Status},
    text,
    ui::erased::{IntoPart, follow, handle},
};

/// Asks the server once the page is alive, and again when somebody presses.
#[component]
pub fn Followers() -> impl IntoView {
    let shop = use_context::<ShopSlug>();
    let status = RwSignal::new(None::<Result<Status, ()>>);
    let ask = move |check: bool| {
        let Some(shop) = shop.clone() else { return };
        spawn_local(async move {
            let answer = shop_status(shop, check).await;
            status.try_set(Some(answer.map_err(|_| ())));
        });
    };
    let (first, again) = (ask.clone(), ask.clone());
    Effect::new(move |_| first(false));
    view! {
        <section class="section" data-testid="followers">
            <h2>"What follows the log on the server"</h2>
            {follow(move || match status.get() {
                None => ().into_part(),
                Some(Err(())) => view! { <p class="quiet-text">{text::UNREACHABLE}</p> }.into_part(),
                Some(Ok(status)) => table(status).into_part(),
            })}
            <div class="actions">
                <button type="button" on:click=handle(move |_| again(false))>"Ask again"</button>
                <button type="button" class="quiet" on:click=handle(move |_| ask(true))>"Compare with the log"</button>
            </div>
        </section>
    }
}

fn table(Status { head, followers }: Status) -> impl IntoView {
    view! {
        <table class="ledger">
            <caption>{format!("The log ends with entry #{head}")}</caption>
            <thead>
                <tr>
                    <th scope="col">"What"</th>
                    <th scope="col" class="num">"Has come to"</th>
                    <th scope="col">"Behind"</th>
                    <th scope="col">"As the log says"</th>
                </tr>
            </thead>
            <tbody>{followers.into_iter().map(|one| row(head, &one)).collect_view()}</tbody>
        </table>
    }
}

fn row(head: u64, one: &Follower) -> impl IntoView + use<> {
    let (position, behind) = match one.position {
        Some(position) => (format!("#{position}"), text::behind(head.saturating_sub(position), one.behind_ms)),
        None => ("–".to_owned(), text::AWAY.to_owned()),
    };
    view! {
        <tr data-follower=one.name.clone()>
            <th scope="row">{text::follower(one.kind, &one.name)}</th>
            <td class="num" data-label="Has come to">{position}</td>
            <td data-label="Behind">{behind}</td>
            <td data-label="As the log says">{text::agrees(one.agrees)}</td>
        </tr>
    }
}
