//! A page's heading, and the title of the document. Whoever comes here from another page of the app lands on the
//! heading: a browser does that by itself only when it loads a document.

use leptos::{html, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use crate::{
    text,
    ui::{
        announce::Announcer,
        erased::{Inside, follow},
        raw_text::raw_text,
    },
};

/// Which page was shown last. The frame provides it.
#[derive(Clone, Copy)]
pub struct Arrivals(StoredValue<Option<String>>);

impl Default for Arrivals {
    fn default() -> Self {
        Self(StoredValue::new(None))
    }
}

impl Arrivals {
    /// Whether this page followed another one; not for the first, which the browser announces.
    fn arrive(&self, here: String) -> bool {
        let before = self.0.try_update_value(|last| last.replace(here.clone())).flatten();
        before.is_some_and(|before| before != here)
    }
}

/// Title and heading. `crumbs` are the pages above this one; children stand beside the heading.
#[component]
pub fn PageHead(
    #[prop(into)] title: Signal<String>,
    /// The shop's name.
    #[prop(into)]
    shop: Signal<String>,
    #[prop(optional)] crumbs: Vec<(String, String)>,
    #[prop(optional, into)] note: Option<Signal<String>>,
    #[prop(optional)] children: Option<Inside>,
) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    let (arrivals, announcer) = (use_context::<Arrivals>().unwrap_or_default(), Announcer::of_context());
    let location = use_location();
    Effect::new(move |_| {
        let Some(heading) = heading.get() else { return };
        let here = format!("{}?{}", location.pathname.get_untracked(), location.search.get_untracked());
        if arrivals.arrive(here) {
            let _ = heading.focus();
            announcer.say(title.get_untracked());
        }
    });
    let path = (!crumbs.is_empty()).then(|| {
        let crumbs = crumbs.into_iter().map(|(name, href)| view! { <li><a href=href>{name}</a></li> });
        view! { <nav class="crumbs" aria-label="Path"><ol>{crumbs.collect_view()}</ol></nav> }
    });
    // On the server the document's head is written after the page, whose signals may be gone by then.
    let written = |title: &str, shop: &str| raw_text(&text::page_title(title, shop)).into_owned();
    let first = written(&title.get_untracked(), &shop.get_untracked());
    let document_title = move || match (title.try_get(), shop.try_get()) {
        (Some(title), Some(shop)) => written(&title, &shop),
        _ => first.clone(),
    };
    view! {
        <Title text=document_title/>
        <div class="page-head">
            <div>
                {path}
                <h1 tabindex="-1" node_ref=heading>{follow(move || title.get())}</h1>
                {note.map(|note| view! { <p>{follow(move || note.get())}</p> })}
            </div>
            {children.map(|children| view! { <div class="actions">{children.show()}</div> })}
        </div>
        <DoneNotice/>
    }
}

/// After a form was posted where no script runs: what was done.
#[component]
fn DoneNotice() -> impl IntoView {
    let query = use_location().search.with_untracked(|query| query.trim_start_matches('?').to_owned());
    crate::forms::done_of_query(&query)
        .map(|(command_type, id)| view! { <div class="notice" data-tone="good"><p>{text::done(&command_type, &id)}</p></div> })
}
