//! What stands around every page of a shop: top bar, navigation, notices, the live region. It stays while pages
//! change.

use domain::{
    ShopSlug,
    books::{Author, Role},
};
use leptos::prelude::*;
use leptos_router::{
    components::Outlet,
    hooks::{use_location, use_params_map},
};
use serde::{Deserialize, Serialize};

use crate::{
    pages::not_found::Missing,
    people::Colleague,
    replica::Replica,
    text::{self, Age},
    ui::{
        aged::Aged,
        announce::{Announcer, LiveRegion},
        chip::Chip,
        confirmed::announce_confirmed,
        demo::DemoBand,
        erased::{IntoPart, follow, memo},
        head::Arrivals,
        here::{NotHeardOf, WhoIsHere},
        icon::{Icon, IconView},
        past::{self, AsOf},
        toast::{ToastRegion, Toasts},
        update::UpdateNotice,
    },
    viewer::Viewer,
};

/// The address of a page of `shop`: `at(shop, "/till")`.
#[must_use]
pub fn at(shop: &ShopSlug, path: &str) -> String {
    format!("/s/{shop}{path}")
}

/// The address of a page of the shop whose pages these are, at the moment that they look at.
#[must_use]
pub fn here(path: &str) -> String {
    let address = use_context::<ShopSlug>().map(|shop| at(&shop, path)).unwrap_or_default();
    past::at_moment(&address, past::as_of_now().as_deref())
}

/// What the server tells the frame. A page that starts from the device alone does without.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Visit {
    /// The shop's name as people read it.
    title: Option<String>,
    /// The shop's, by its code.
    currency: Option<String>,
    person: Option<(String, Role)>,
    /// Whether they had to sign in.
    #[serde(default)]
    signed_in: bool,
    /// Who can switch to themselves on this browser, by login.
    #[serde(default)]
    pub colleagues: Vec<Colleague>,
    /// Whether the server writes nothing.
    #[serde(default)]
    reads_only: bool,
    /// What this device remembers, where the server was not asked.
    #[serde(skip)]
    is_of_device: bool,
}

impl Visit {
    /// What its sums are counted in, where the server has said so.
    #[cfg(feature = "hydrate")]
    pub fn currency(&self) -> Option<&'static crate::format::Currency> {
        crate::format::Currency::of_code(self.currency.as_deref()?)
    }

    /// As whom commands are decided here. The server checks every one by its own knowledge.
    #[must_use]
    pub fn author(&self) -> Author {
        let (actor, role) = self.person.clone().unwrap_or_else(|| ("you".to_owned(), Role::Owner));
        Author { actor: actor.into(), role }
    }

    /// Whoever has signed in; nobody in a shop that asks nobody.
    #[must_use]
    pub fn signed_in(&self) -> Option<Author> {
        self.signed_in.then(|| self.author())
    }

    /// Whether the server has said who is there.
    #[cfg(feature = "hydrate")]
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        self.person.is_some() && !self.is_of_device
    }

    /// What a page knows that starts from the device alone.
    #[cfg(all(feature = "hydrate", not(feature = "ssr")))]
    fn of_device(shop: &ShopSlug) -> Self {
        let known = browser::person::remembered(shop);
        let signed_in = known.is_some();
        let colleague =
            |one: Author| Colleague { login: one.actor.to_string(), name: one.actor.to_string(), role: one.role };
        Self {
            person: known.map(|person| (person.actor.to_string(), person.role)),
            signed_in,
            is_of_device: true,
            colleagues: browser::person::colleagues(shop).into_iter().map(colleague).collect(),
            ..Self::default()
        }
    }
}

/// The view of the route `/s/:shop`.
#[component]
pub fn ShopFrame() -> impl IntoView {
    let named = use_params_map().with_untracked(|params| params.get("shop").unwrap_or_default());
    match ShopSlug::parse(&named) {
        Err(_) => view! { <main id="main" tabindex="-1"><Missing problem=None/></main> }.into_part(),
        Ok(shop) => {
            provide_context(shop.clone());
            provide_context(Replica::default());
            provide_context(Announcer::default());
            provide_context(Toasts::default());
            provide_context(Arrivals::default());
            provide_context(AsOf::of_route());
            view! { <Frame shop/> }.into_part()
        }
    }
}

#[component]
fn Frame(shop: ShopSlug) -> impl IntoView {
    let (replica, announcer, toasts) = (Replica::of_context(), Announcer::of_context(), Toasts::of_context());
    let asked = shop.clone();
    let visit = Resource::new_blocking(|| (), move |()| visit(asked.clone()));
    provide_context(visit);
    #[cfg(feature = "hydrate")]
    {
        crate::wire::write_in_currency_of(visit);
        crate::wire::start_once(shop.clone(), visit, replica);
    }
    announce_confirmed(replica, announcer);
    view! {
        <a class="skip-link" href="#main" rel="external">{text::SKIP}</a>
        <div class="frame">
            <header class="top-bar">
                <a class="shop-name" href=at(&shop, "")><ShopName shop=shop.clone() visit replica/></a>
                <WhoIsHere shop=shop.clone() visit replica/>
                <Chip shop=shop.clone() replica announcer/>
                <Bell shop=shop.clone() replica/>
            </header>
            <div class="notices">
                <DemoBand shop=shop.clone() replica/>
                <NotHeardOf shop=shop.clone() visit replica/>
                <ReadsOnly/>
                <StorageWarning replica/>
                <UpdateNotice/>
                <Aged age=Age::OverADay/>
            </div>
            <nav class="rail" aria-label="Main"><Places shop=shop.clone() places=RAIL visit replica/></nav>
            <main id="main" tabindex="-1"><Outlet/></main>
            <nav class="bottom-bar" aria-label="Main, short"><Places shop places=BAR visit replica/></nav>
        </div>
        <LiveRegion announcer/>
        <ToastRegion toasts/>
    }
}

#[component]
fn ShopName(shop: ShopSlug, visit: Resource<Visit>, replica: Replica) -> impl IntoView {
    view! {
        <Suspense>
            {follow(move || {
                let shop = shop.clone();
                Suspend::new(async move {
                    let known = visit.await.title.unwrap_or_else(|| shop.to_string());
                    let title = memo(move |_| {
                        replica.picture().map_or_else(|| known.clone(), |picture| picture.title.to_string())
                    });
                    view! { <span>{follow(move || title.get())}</span> }
                })
            })}
        </Suspense>
    }
}

/// Counts only what needs a person here, never what merely waits.
#[component]
fn Bell(shop: ShopSlug, replica: Replica) -> impl IntoView {
    let needed = memo(move |_| {
        let unreadable = replica.line().map_or(0, |line| line.storage.unreadable.len());
        let pending = replica.held().map_or(0, |picture| crate::pages::attention::needed_here(&picture));
        unreadable + pending
    });
    let label = move || match needed.get() {
        0 => "Needs attention".to_owned(),
        number => format!("Needs attention, {number}"),
    };
    view! {
        <a class="icon-link" href=at(&shop, "/attention") aria-label=label data-testid="bell">
            <IconView icon=Icon::Bell/>
            {follow(move || (needed.get() > 0).then(|| view! { <span class="badge" aria-hidden="true">{needed.get()}</span> }))}
        </a>
    }
}

/// Nothing at all where this device keeps what it is given.
#[component]
fn StorageWarning(replica: Replica) -> impl IntoView {
    let words = memo(move |_| replica.line().and_then(|line| text::storage_warning(&line.storage, &line.device)));
    follow(move || {
        words.get().map(|words| {
            view! { <div class="strip" data-tone="attention" role="status" data-testid="storage-warning"><p>{words}</p></div> }
        })
    })
}

/// Whether the server of this page writes nothing, as it said when the page was loaded.
#[cfg(feature = "ssr")]
#[must_use]
pub fn reads_only() -> bool {
    use_context::<crate::backend::SharedBackend>().is_some_and(|backend| backend.reads_only())
}

/// Whether the server of this page writes nothing, as it said when the page was loaded.
#[cfg(not(feature = "ssr"))]
#[must_use]
pub fn reads_only() -> bool {
    let visit = use_context::<Resource<Visit>>();
    visit.is_some_and(|visit| visit.with_untracked(|visit| visit.as_ref().is_some_and(|visit| visit.reads_only)))
}

/// The id of the words that say why nothing can be written.
pub const READS_ONLY: &str = "reads-only-reason";

/// Said on every page of a server that only reads.
#[component]
fn ReadsOnly() -> impl IntoView {
    reads_only().then(|| {
        view! {
            <div class="strip" data-tone="attention" role="status" data-testid="reads-only"><p id=READS_ONLY>{text::READS_ONLY}</p></div>
        }
    })
}

/// A place of the navigation: its address in the shop, icon and word.
type Place = (&'static str, Icon, &'static str);

pub(crate) const RAIL: &[Place] = &[
    ("", Icon::Today, "Today"),
    ("/till", Icon::Sell, "Sell"),
    ("/products", Icon::Products, "Products"),
    ("/stock", Icon::Stock, "Stock"),
    ("/orders", Icon::Orders, "Orders"),
    ("/accounts", Icon::Accounts, "Accounts"),
    ("/pictures", Icon::Picture, "Pictures"),
    ("/book", Icon::Book, "Day book"),
    ("/reports/sales", Icon::Stock, "Reports"),
    ("/attention", Icon::Bell, "Needs attention"),
    ("/people", Icon::People, "People"),
    ("/devices", Icon::Device, "Devices"),
    ("/device", Icon::Device, "This device"),
];

const BAR: &[Place] = &[
    ("", Icon::Today, "Today"),
    ("/till", Icon::Sell, "Sell"),
    ("/stock", Icon::Stock, "Stock"),
    ("/orders", Icon::Orders, "Orders"),
    ("/more", Icon::More, "More"),
];

/// Those that open to whoever is there.
#[component]
fn Places(shop: ShopSlug, places: &'static [Place], visit: Resource<Visit>, replica: Replica) -> impl IntoView {
    view! {
        <Suspense>
            {follow(move || {
                let shop = shop.clone();
                Suspend::new(async move {
                    let known = visit.await.author().role;
                    let role = memo(move |_| replica.picture().map_or(known, |picture| picture.author.role));
                    follow(move || view! { <Links shop=shop.clone() places viewer=Viewer { role: role.get() }/> })
                })
            })}
        </Suspense>
    }
}

#[component]
fn Links(shop: ShopSlug, places: &'static [Place], viewer: Viewer) -> impl IntoView {
    let here = use_location().pathname;
    places
        .iter()
        .filter(|(path, ..)| viewer.opens(path))
        .map(|(path, icon, word)| {
            let home = at(&shop, "");
            let href = at(&shop, path);
            let target = href.clone();
            let current = move || here.with(|here| is_here(here, &target, &home).then_some("page"));
            let href = follow(move || {
                let as_of = past::as_of();
                past::at_moment(&href, Some(&*as_of).filter(|as_of| !as_of.is_empty()))
            });
            view! { <a href=href aria-current=current><IconView icon=*icon/>" "{*word}</a> }
        })
        .collect_view()
}

/// A place is current on its own page and on those below it; Today only on its own.
fn is_here(here: &str, target: &str, home: &str) -> bool {
    here == target
        || (target != home && here.strip_prefix(target).is_some_and(|rest| rest.starts_with('/')))
        || here.strip_suffix('/') == Some(target)
}

#[cfg(feature = "ssr")]
fn visit(shop: ShopSlug) -> impl Future<Output = Visit> + Send {
    let backend = use_context::<crate::backend::SharedBackend>();
    let admitted = crate::backend::Admitted::to(&shop);
    let backend = backend.filter(|_| admitted.is_some());
    let signed_in = admitted.as_ref().is_some_and(|admitted| admitted.signed_in);
    let person = admitted.map(|admitted| (admitted.author.actor.to_string(), admitted.author.role));
    let headers = use_context::<http::request::Parts>().map(|parts| parts.headers).filter(|_| signed_in);
    let reads_only = backend.as_ref().is_some_and(|backend| backend.reads_only());
    async move {
        let (view, colleagues) = match backend {
            Some(backend) => {
                let colleagues = match headers {
                    Some(headers) => backend.colleagues(&headers, &shop).await,
                    None => Vec::new(),
                };
                (backend.view(&shop).await.ok().flatten(), colleagues)
            }
            None => (None, Vec::new()),
        };
        let currency = view.as_ref().map(|view| crate::format::Currency::of_books(&view.books).code.to_owned());
        Visit {
            title: view.map(|view| view.title.to_string()),
            currency,
            person,
            signed_in,
            colleagues,
            reads_only,
            is_of_device: false,
        }
    }
}

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
async fn visit(shop: ShopSlug) -> Visit {
    Visit::of_device(&shop)
}

#[cfg(not(any(feature = "hydrate", feature = "ssr")))]
async fn visit(_shop: ShopSlug) -> Visit {
    Visit::default()
}

#[cfg(test)]
mod tests {
    use super::is_here;

    #[test]
    fn a_place_is_current_on_the_pages_below_it_and_today_only_on_its_own() {
        assert!(is_here("/s/demo", "/s/demo", "/s/demo"));
        assert!(is_here("/s/demo/", "/s/demo", "/s/demo"));
        assert!(!is_here("/s/demo/stock", "/s/demo", "/s/demo"));
        assert!(is_here("/s/demo/stock/receive", "/s/demo/stock", "/s/demo"));
        assert!(!is_here("/s/demo/stockings", "/s/demo/stock", "/s/demo"));
    }
}
