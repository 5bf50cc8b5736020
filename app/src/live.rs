//! How a page gets its data. A page is a pure `load` over the books and a view of what it loaded. The server runs
//! `load` over its books and puts the result into the document; the browser takes that result over without asking
//! again; from then on `load` runs over the device's replica whenever that changes.
//!
//! Nothing that only the browser knows (its storage, its clock) may take part in the first render there: the walk
//! over the server's markup would fail. So the replica shows itself only after the page is alive.

use std::{
    any::Any,
    fmt::{self, Display, Formatter},
    str::FromStr,
    sync::Arc,
};

use domain::{
    ShopSlug,
    books::{Author, Books},
    json,
    projections::day_book::BookEntry,
    values::Millis,
};
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use sync::PendingView;

#[cfg(feature = "ssr")]
use crate::format::Currency;
use crate::{
    pages::not_found::Missing,
    replica::{Marks, Picture, Problem, Replica},
    text,
    ui::erased::{IntoPart, Part, Parts, follow, memo},
};

/// What a page may look at.
pub struct PageContext<'a> {
    pub shop: &'a ShopSlug,
    /// The shop's name as people read it.
    pub title: &'a str,
    /// On a device: with everything saved there taken in.
    pub books: &'a Books,
    pub marks: &'a Marks,
    /// This device's commands that are not simply confirmed. None on the server.
    pub pending: &'a [PendingView],
    /// Entries from before those that the books keep, newest first, where the page asked for them.
    pub older: &'a [(u64, BookEntry)],
    /// This device's code, on a device.
    pub device: Option<&'a str>,
    /// Who looks.
    pub author: Option<&'a Author>,
    pub now: Millis,
}

impl Picture {
    #[must_use]
    pub fn context(&self) -> PageContext<'_> {
        PageContext {
            shop: &self.shop,
            title: &self.title,
            books: &self.books,
            marks: &self.marks,
            pending: &self.pending,
            older: &[],
            device: Some(&self.device),
            author: Some(&self.author),
            now: self.now,
        }
    }
}

/// What the address says to a page.
pub trait Params: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Entries of the log that the page needs besides the books, which keep the last few hundred: at most so many,
    /// from before this position.
    fn older(&self) -> Option<(u64, u16)> {
        None
    }
}

impl Params for () {}
impl Params for String {}

/// What a page shows.
pub trait Model: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<M: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> Model for M {}

/// Makes a page's model; `None` where there is no such record.
pub type Load<P, M> = fn(&PageContext<'_>, &P) -> Option<M>;

/// A page: `load` makes its model, `view` shows it. `params` is what the address says.
pub fn page<P: Params, M: Model, V: IntoView + 'static>(
    params: impl Fn() -> P + Send + Sync + 'static,
    load: Load<P, M>,
    view: fn(Memo<M>) -> V,
) -> Part {
    screen(Arc::new(Page { params, load, view }))
}

/// A page whose types are forgotten: how it comes to its data is the same for all, and written out once.
trait Screen: Send + Sync {
    /// What the address says, as JSON.
    fn params(&self) -> String;
    fn older(&self, params: &str) -> Option<(u64, u16)>;
    fn load(&self, context: &PageContext<'_>, params: &str) -> Found;
    fn show(&self, replica: Replica, params: &str, found: &Found) -> Part;
}

struct Page<F, P, M: Model, V> {
    params: F,
    load: Load<P, M>,
    view: fn(Memo<M>) -> V,
}

impl<F: Fn() -> P + Send + Sync + 'static, P: Params, M: Model, V: IntoView + 'static> Screen for Page<F, P, M, V> {
    fn params(&self) -> String {
        json::written(&(self.params)())
    }

    fn older(&self, params: &str) -> Option<(u64, u16)> {
        json::read::<P>(params).ok()?.older()
    }

    fn load(&self, context: &PageContext<'_>, params: &str) -> Found {
        let params = json::read(params).ok();
        Found::new(params.and_then(|params| (self.load)(context, &params)), context.marks.confirmed)
    }

    /// The model as the server gave it, then as the replica has it.
    fn show(&self, replica: Replica, params: &str, found: &Found) -> Part {
        let first: Option<M> = found.model();
        // Entries older than a replica keeps do not change: the server's page stays as it is.
        let is_history = self.older(params).is_some();
        let params: Option<P> = json::read(params).ok();
        let (load, view, position) = (self.load, self.view, found.position);
        let model = memo(move |_| match replica.picture().filter(|_| !is_history && replica.has_come_to(position)) {
            Some(picture) => load(&picture.context(), params.as_ref()?),
            None => first.clone(),
        });
        let found = model.part(Option::is_some);
        follow(move || match found.get().then(|| model.get_untracked()).flatten() {
            // What a page shows stays while its record goes: the page itself is replaced a moment later.
            Some(seed) => view(memo(move |last: Option<&M>| {
                model.get().or_else(|| last.cloned()).unwrap_or_else(|| seed.clone())
            }))
            .into_part(),
            None => view! { <Missing problem=None/> }.into_part(),
        })
        .into_part()
    }
}

/// A model on its way to the page: as it was made here, or as the document carries it.
#[derive(Clone)]
struct Found {
    made: Option<Arc<dyn Any + Send + Sync>>,
    /// For the document.
    written: Arc<str>,
    /// Of the confirmed books that it was made from.
    position: u64,
}

impl Found {
    fn new<M: Model>(model: Option<M>, position: u64) -> Self {
        // A browser writes no documents.
        let written = if cfg!(feature = "ssr") { json::written(&model) } else { String::new() };
        Self { made: Some(Arc::new(model)), written: written.into(), position }
    }

    fn model<M: Model>(&self) -> Option<M> {
        match &self.made {
            Some(made) => made.downcast_ref::<Option<M>>().cloned().flatten(),
            None => json::read(&self.written).ok().flatten(),
        }
    }
}

/// What a page waits for.
#[derive(Clone)]
struct Loaded {
    params: String,
    found: Result<Found, Problem>,
}

/// As the document carries it: JSON of the parameters and of what was found at which position, or why nothing was.
impl Display for Loaded {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.found {
            Ok(found) => write!(f, r#"[{},{},{{"Ok":{}}}]"#, self.params, found.position, found.written),
            Err(problem) => write!(f, r#"[{},0,{{"Err":{}}}]"#, self.params, json::written(problem)),
        }
    }
}

impl FromStr for Loaded {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (params, position, found): (Box<RawValue>, u64, Result<Box<RawValue>, Problem>) = json::read(text)?;
        let found = found.map(|model| Found { made: None, written: model.get().into(), position });
        Ok(Self { params: params.get().to_owned(), found })
    }
}

fn screen(screen: Arc<dyn Screen>) -> Part {
    let shop = use_context::<ShopSlug>();
    let replica = Replica::of_context();
    let (asking, showing) = (screen.clone(), screen.clone());
    let first = Resource::new_str_blocking(
        move || (asking.params(), replica.recovered()),
        move |(params, _)| {
            let loading = source(shop.clone(), replica, screen.clone(), params.clone());
            async move { Loaded { params, found: loading.await } }
        },
    );
    view! {
        <Transition fallback=|| view! { <p class="quiet-text">{text::OPENING}</p> }>
            {move || {
                let showing = showing.clone();
                Suspend::new(async move {
                    let Loaded { params, found } = first.await;
                    match found {
                        Ok(found) => showing.show(replica, &params, &found),
                        Err(problem) => view! { <Missing problem=Some(problem)/> }.into_part(),
                    }
                })
            }}
        </Transition>
    }
    .into_part()
}

#[cfg(feature = "ssr")]
fn source(
    shop: Option<ShopSlug>,
    _replica: Replica,
    screen: Arc<dyn Screen>,
    params: String,
) -> impl Future<Output = Result<Found, Problem>> + Send {
    let backend = use_context::<crate::backend::SharedBackend>();
    let author = use_context::<Author>();
    let reader = use_context::<crate::format::Reader>();
    async move {
        let shop = shop.ok_or(Problem::UnknownShop)?;
        let backend = backend.ok_or(Problem::Unreachable)?;
        let view = backend.view(&shop).await.map_err(|_| Problem::Unreachable)?.ok_or(Problem::UnknownShop)?;
        if let Some(reader) = reader {
            reader.set_currency(Currency::of_books(&view.books));
        }
        let older = match screen.older(&params) {
            Some((before, limit)) => backend.entries(&shop, Some(before), limit).await,
            None => Ok(vec![]),
        };
        let context = PageContext {
            shop: &shop,
            title: &view.title,
            books: &view.books,
            marks: &Marks::all_confirmed(view.books.position),
            pending: &[],
            older: &older.map_err(|_| Problem::Unreachable)?,
            device: None,
            author: author.as_ref(),
            now: backend.now(),
        };
        Ok(screen.load(&context, &params))
    }
}

#[cfg(not(feature = "ssr"))]
async fn source(
    _shop: Option<ShopSlug>,
    replica: Replica,
    screen: Arc<dyn Screen>,
    params: String,
) -> Result<Found, Problem> {
    let picture = replica.first().await?;
    Ok(screen.load(&picture.context(), &params))
}
