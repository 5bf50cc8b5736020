//! The shops that somebody belongs to.

use leptos::prelude::*;

use super::query_param;
use crate::{
    people::ShopRow,
    text,
    ui::{
        door::{door, problem},
        erased::{IntoPart, Part, follow},
    },
};

#[component]
pub fn Shops() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| shops());
    let inside = view! {
        {problem(query_param("problem"))}
        <Suspense>{follow(move || Suspend::new(async move { list(found.await) }))}</Suspense>
    };
    door("Your shops", inside.into_part())
}

fn list(shops: Option<Vec<ShopRow>>) -> Part {
    match shops {
        None => {
            view! { <p>"Nobody is signed in on this device. "<a href="/sign-in" rel="external">"Sign in"</a>"."</p> }
                .into_part()
        }
        Some(shops) if shops.is_empty() => view! {
            <p>"You belong to no shop. Ask an owner for an invite, or start one."</p>
            <p><a href="/start" rel="external">"Start a new shop"</a></p>
        }
        .into_part(),
        Some(shops) => {
            let row = |shop: ShopRow| {
                view! {
                    <li>
                        <a class="row" href=format!("/s/{}", shop.slug) rel="external">
                            <span class="row-title">{shop.title.clone()}</span>
                            <span class="row-note">{text::role(shop.role)}</span>
                        </a>
                        <details>
                            <summary>{format!("Leave {}", shop.title)}</summary>
                            <form method="post" action="/shops/leave" class="form">
                                <input type="hidden" name="shop" value=shop.slug/>
                                <p>{text::LEAVE_MEANS}</p>
                                <div class="actions"><button>"Leave"</button></div>
                            </form>
                        </details>
                    </li>
                }
            };
            view! {
                <ul class="list">{shops.into_iter().map(row).collect_view()}</ul>
                <p>
                    <a href="/start" rel="external">"Start a new shop"</a>" · "
                    <a href="/password" rel="external">"Change the password"</a>
                </p>
            }
            .into_part()
        }
    }
}

#[cfg(feature = "ssr")]
fn shops() -> impl Future<Output = Option<Vec<ShopRow>>> + Send {
    let backend = use_context::<crate::backend::SharedBackend>();
    let headers = use_context::<http::request::Parts>().map(|parts| parts.headers);
    async move { backend?.shops(&headers?).await }
}

#[cfg(not(feature = "ssr"))]
async fn shops() -> Option<Vec<ShopRow>> {
    None
}
