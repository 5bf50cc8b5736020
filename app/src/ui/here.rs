//! Who is at this device, in the bar on top of every page: the way to somebody else.

use domain::ShopSlug;
use leptos::prelude::*;

use crate::{
    replica::Replica,
    text,
    ui::{
        erased::{IntoPart, follow, memo},
        frame::{Visit, at},
    },
};

/// Nothing at all in a shop that asks nobody.
#[component]
pub fn WhoIsHere(shop: ShopSlug, visit: Resource<Visit>, replica: Replica) -> impl IntoView {
    let href = at(&shop, "/switch");
    // Somebody may have switched without the server, which takes this browser for the one before.
    let here = memo(move |_| replica.picture().map(|picture| picture.author.actor.to_string()));
    view! {
        <Suspense>
            {follow(move || {
                let href = href.clone();
                Suspend::new(async move {
                    visit.await.signed_in().map(|known| {
                        let login = move || here.get().unwrap_or_else(|| known.actor.to_string());
                        view! {
                            <a class="who-link" href=href data-testid="who-is-here">
                                <span class="visually-hidden">{text::HERE}" "</span>
                                <span>{follow(login)}</span>
                            </a>
                        }
                    })
                })
            })}
        </Suspense>
    }
    .into_part()
}

/// The server has not heard who is here: their changes go out in their name, and everything else is the other's.
#[component]
pub fn NotHeardOf(shop: ShopSlug, visit: Resource<Visit>, replica: Replica) -> impl IntoView {
    let href = at(&shop, "/switch");
    let other = memo(move |_| {
        // Asked first: on the server, and until the page is alive, there is no device that knows better.
        let here = replica.picture()?.author.actor.clone();
        let known = visit.get()?.signed_in()?;
        (here != known.actor).then(|| (here.to_string(), known.actor.to_string()))
    });
    follow(move || {
        let href = href.clone();
        other.get().map(|(here, known)| {
            view! {
                <div class="strip" role="status" data-testid="not-heard-of">
                    <p>{text::switched_here(&here, &known)}" "<a href=href>"Say it by the PIN"</a></p>
                </div>
            }
        })
    })
}
