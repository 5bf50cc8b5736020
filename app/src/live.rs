//! How a page gets its data. A page is a pure `load` over the books and a view of what it loaded. The server runs
//! `load` over its books and puts the result into the document; the browser takes that result over without asking
//! again; from then on `load` runs over the device's replica whenever that changes.
//!
//! Nothing that only the browser knows (its storage, its clock) may take part in the first render there: the walk
//! over the server's markup would fail. So the replica shows itself only after the page is alive.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    str::FromStr,
    sync::Arc,
};

use domain::{
    Refusal, ShopSlug,
    books::{Author, Books, Role},
    json,
    picture::Subject,
    projections::day_book::BookEntry,
    values::Millis,
};
use leptos::{prelude::*, reactive::owner::WeakOwner, tachys::reactive_graph::OwnedView};
use leptos_router::hooks::use_location;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use sync::{
    PendingView,
    past::{Asked, Moment},
};

#[cfg(feature = "ssr")]
use crate::format::Currency;
#[cfg(not(feature = "ssr"))]
use crate::held;
use crate::{
    pages::not_found::Missing,
    replica::{Marks, Picture, Problem, Replica},
    text,
    ui::{
        erased::{IntoPart, Part, Parts, follow, memo},
        frame::at,
        past::{self, Figure, Past},
        sentence::Sentence,
    },
    viewer::{self, Viewer},
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
    /// Entries of the log, where the page asked for them; see [`Params::asks`].
    pub older: &'a [(u64, BookEntry)],
    /// The books before the first of them, where the others are not to be had.
    pub since: Option<&'a Books>,
    /// The last entry that the page knows of, where it looks back.
    pub as_of: Option<u64>,
    /// This device's code, on a device.
    pub device: Option<&'a str>,
    /// Who looks. In a shop that asks nobody, everybody is its owner.
    pub author: &'a Author,
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
            since: None,
            as_of: None,
            device: Some(&self.device),
            author: &self.author,
            now: self.now,
        }
    }
}

impl PageContext<'_> {
    #[must_use]
    pub fn role(&self) -> Role {
        self.author.role
    }

    #[must_use]
    pub fn sees_money(&self) -> bool {
        self.role().sees_money()
    }

    /// A sum in minor units, or nothing for whoever sees no money: what is not for them is not in what they are sent.
    #[must_use]
    pub fn money(&self, minor: i64) -> Option<i64> {
        self.sees_money().then_some(minor)
    }

    /// An entry in words, as far as they are for whoever looks.
    #[must_use]
    pub fn sentence(&self, entry: &BookEntry) -> Sentence {
        text::entry(self.shop, entry, self.role())
    }

    /// What a picture is about, unless it is an account and whoever looks sees no money.
    #[must_use]
    pub fn seen_subject<'s>(&self, about: Option<&'s Subject>) -> Option<&'s Subject> {
        about.filter(|subject| self.sees_money() || !matches!(subject, Subject::Account(_)))
    }

    /// The rule that something ran into, inside a sentence.
    #[must_use]
    pub fn why_not(&self, refusal: &Refusal) -> String {
        text::why_not_for(refusal, self.role())
    }

    /// The address of a page of the shop, at the moment that this one looks at.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        past::at_moment(&at(self.shop, path), self.as_of.map(|position| position.to_string()).as_deref())
    }

    /// What was asked for, oldest first: what was read of the log, and what the books have of it, which includes what
    /// came in since and what is only saved here.
    #[must_use]
    pub fn entries(&self, asked: &Asked) -> Vec<(u64, &BookEntry)> {
        let confirmed = self.marks.confirmed;
        let kept = self.books.projections.day_book.entries.iter();
        let kept = kept.filter(|(_, entry)| asked.fits(&entry.aggregate, &entry.event, entry.issued_at));
        let since = self.since.map_or(0, |books| books.position);
        let kept = kept.filter(|(position, _)| **position > since).map(|(position, entry)| (*position, entry));
        let read = self.older.iter().filter(|(position, _)| *position <= confirmed);
        let all: BTreeMap<_, _> = kept.chain(read.map(|(position, entry)| (*position, entry))).collect();
        all.into_iter().collect()
    }
}

/// What the address says to a page.
pub trait Params: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Whether what the page asks for goes on: it then follows the replica with it. A page of old entries stays as it
    /// is.
    const FOLLOWS: bool = false;

    /// Entries of the log that the page needs besides the books, which keep the last few hundred.
    fn asks(&self, _books: &Books) -> Option<Asked> {
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
    screen(Arc::new(Page { params, load, view, figures: |_| vec![] }))
}

/// The same for a page that looks back: its numbers can be compared with those of now.
pub fn page_of_numbers<P: Params, M: Model, V: IntoView + 'static>(
    params: impl Fn() -> P + Send + Sync + 'static,
    load: Load<P, M>,
    view: fn(Memo<M>) -> V,
    figures: fn(&M) -> Vec<Figure>,
) -> Part {
    screen(Arc::new(Page { params, load, view, figures }))
}

/// A page whose types are forgotten: how it comes to its data is the same for all, and written out once.
trait Screen: Send + Sync {
    /// What the address says, as JSON.
    fn params(&self) -> String;
    fn asks(&self, books: &Books, params: &str) -> Option<Asked>;
    fn follows(&self) -> bool;
    fn load(&self, context: &PageContext<'_>, params: &str) -> Found;
    fn figures(&self, context: &PageContext<'_>, params: &str) -> Vec<Figure>;
    fn show(&self, replica: Replica, params: &str, found: &Found) -> Part;
}

struct Page<F, P, M: Model, V> {
    params: F,
    load: Load<P, M>,
    view: fn(Memo<M>) -> V,
    figures: fn(&M) -> Vec<Figure>,
}

impl<F: Fn() -> P + Send + Sync + 'static, P: Params, M: Model, V: IntoView + 'static> Screen for Page<F, P, M, V> {
    fn params(&self) -> String {
        json::written(&(self.params)())
    }

    fn asks(&self, books: &Books, params: &str) -> Option<Asked> {
        json::read::<P>(params).ok()?.asks(books)
    }

    fn follows(&self) -> bool {
        P::FOLLOWS
    }

    fn load(&self, context: &PageContext<'_>, params: &str) -> Found {
        let params = json::read(params).ok();
        Found::new(params.and_then(|params| (self.load)(context, &params)), context)
    }

    fn figures(&self, context: &PageContext<'_>, params: &str) -> Vec<Figure> {
        let params = json::read(params).ok();
        let model = params.and_then(|params| (self.load)(context, &params));
        model.map_or_else(Vec::new, |model| (self.figures)(&model))
    }

    /// The model as the server gave it, then as the replica has it.
    fn show(&self, replica: Replica, params: &str, found: &Found) -> Part {
        let first: Option<M> = found.model();
        let lent = found.lent.clone();
        // What is past does not change. Neither do entries older than a replica keeps; and those of a page that goes on
        // are not in the document: it is loaded once more when the replica is there.
        let is_fixed = found.past.is_some() || (lent.is_none() && self.asks(&Books::default(), params).is_some());
        let params: Option<P> = json::read(params).ok();
        let (load, view, position) = (self.load, self.view, found.position);
        let model = memo(move |_| match replica.picture().filter(|_| !is_fixed && replica.has_come_to(position)) {
            Some(picture) => {
                let context = picture.context();
                match &lent {
                    Some(lent) => load(
                        &PageContext { older: &lent.older, since: lent.since.as_ref(), ..context },
                        params.as_ref()?,
                    ),
                    None => load(&context, params.as_ref()?),
                }
            }
            None => first.clone(),
        });
        let past = found.past.clone();
        let found = model.part(Option::is_some);
        let page = follow(move || match found.get().then(|| model.get_untracked()).flatten() {
            // What a page shows stays while its record goes: the page itself is replaced a moment later.
            Some(seed) => view(memo(move |last: Option<&M>| {
                model.get().or_else(|| last.cloned()).unwrap_or_else(|| seed.clone())
            }))
            .into_part(),
            None => view! { <Missing problem=None/> }.into_part(),
        })
        .into_part();
        past::banded(past, page)
    }
}

/// Entries that a page asked for, where it was loaded in the browser.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    pub older: Vec<(u64, BookEntry)>,
    pub since: Option<Books>,
}

/// A model on its way to the page: as it was made here, or as the document carries it.
#[derive(Clone)]
struct Found {
    made: Option<Arc<dyn Any + Send + Sync>>,
    /// For the document.
    written: Arc<str>,
    /// Of the confirmed books that it was made from.
    position: u64,
    /// For whom it was made.
    viewer: Viewer,
    /// Where the page looks back.
    past: Option<Past>,
    lent: Option<Arc<Lent>>,
}

impl Found {
    fn new<M: Model>(model: Option<M>, context: &PageContext<'_>) -> Self {
        // A browser writes no documents.
        let written = if cfg!(feature = "ssr") { json::written(&model) } else { String::new() };
        let viewer = Viewer { role: context.role() };
        let position = context.marks.confirmed;
        Self { made: Some(Arc::new(model)), written: written.into(), position, viewer, past: None, lent: None }
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

/// As the document carries it: JSON of the parameters and of what was found at which position, for whom, looking back to
/// when, or why nothing was.
impl Display for Loaded {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.found {
            Ok(found) => {
                let (viewer, past) = (json::written(&found.viewer), json::written(&found.past));
                write!(f, r#"[{},{},{viewer},{past},{{"Ok":{}}}]"#, self.params, found.position, found.written)
            }
            Err(problem) => {
                let viewer = json::written(&Viewer::default());
                write!(f, r#"[{},0,{viewer},null,{{"Err":{}}}]"#, self.params, json::written(problem))
            }
        }
    }
}

impl FromStr for Loaded {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        type Written = (Box<RawValue>, u64, Viewer, Option<Past>, Result<Box<RawValue>, Problem>);
        let (params, position, viewer, past, found): Written = json::read(text)?;
        let found =
            found.map(|model| Found { made: None, written: model.get().into(), position, viewer, past, lent: None });
        Ok(Self { params: params.get().to_owned(), found })
    }
}

/// What a page is loaded for, and again when it changes.
#[derive(Clone, PartialEq)]
struct Wanted {
    params: String,
    /// As the address says it; empty for now.
    as_of: String,
    reloads: u32,
    /// How far the device had come, where that makes a difference to what it can find.
    stage: u8,
}

fn screen(screen: Arc<dyn Screen>) -> Part {
    let shop = use_context::<ShopSlug>();
    let replica = Replica::of_context();
    let stage = memo(move |_| replica.stage());
    let (asking, showing) = (screen.clone(), screen.clone());
    let path = use_location().pathname;
    let first = Resource::new_str_blocking(
        move || {
            let as_of = past::as_of();
            let stage = if asking.follows() || !as_of.is_empty() { stage.get() } else { 0 };
            Wanted { params: asking.params(), as_of, reloads: replica.reloads(), stage }
        },
        move |Wanted { params, as_of, .. }| {
            // Not followed: on the way to another page it is that one's.
            let place = viewer::place_of(&path.get_untracked()).to_owned();
            let loading =
                source(shop.clone(), replica, screen.clone(), Asking { params: params.clone(), as_of, place });
            async move { Loaded { params, found: loading.await } }
        },
    );
    view! {
        <Transition fallback=|| view! { <p class="quiet-text">{text::OPENING}</p> }>
            {
                let here = Owner::current().unwrap_or_default().downgrade();
                move || {
                    let (showing, here) = (showing.clone(), here.clone());
                    Suspend::new(async move {
                        let Loaded { params, found } = first.await;
                        alive(&here, || match found {
                            Ok(found) => {
                                provide_context(found.viewer);
                                showing.show(replica, &params, &found)
                            }
                            Err(problem) => view! { <Missing problem=Some(problem)/> }.into_part(),
                        })
                    })
                }
            }
        </Transition>
    }
    .into_part()
}

/// A part that lives for as long as it is on the screen. Without an owner of its own, its signals would end when the page
/// begins to load again, while it can still be read and pressed: a `Transition` keeps the old part until the new one is
/// there.
fn alive(here: &WeakOwner, part: impl FnOnce() -> Part) -> OwnedView<Part> {
    let owner = here.upgrade().unwrap_or_default().child();
    OwnedView::new_with_owner(owner.with(part), owner)
}

/// The moment that an address names.
fn moment(as_of: &str) -> Result<Option<Moment>, Problem> {
    match as_of {
        "" => Ok(None),
        text => Moment::parse(text).map(Some).ok_or(Problem::NoSuchMoment),
    }
}

/// Looks back: the page's model from the books of then, its numbers beside those of `now`.
fn looking_back(screen: &dyn Screen, then: &PageContext<'_>, now: &PageContext<'_>, params: &str) -> Found {
    let compared = past::compared(screen.figures(then, params), &screen.figures(now, params));
    let past = Past { position: then.books.position, at: then.now, head: now.marks.confirmed, compared };
    Found { past: Some(past), ..screen.load(then, params) }
}

/// When the last entry of books was written down.
fn written_at(books: &Books) -> Option<Millis> {
    books.projections.day_book.entries.iter().next_back().map(|(_, entry)| entry.recorded_at)
}

/// What the address of a page says.
struct Asking {
    params: String,
    as_of: String,
    /// Below the shop's address.
    place: String,
}

#[cfg(feature = "ssr")]
fn source(
    shop: Option<ShopSlug>,
    _replica: Replica,
    screen: Arc<dyn Screen>,
    Asking { params, as_of, place }: Asking,
) -> impl Future<Output = Result<Found, Problem>> + Send {
    let backend = use_context::<crate::backend::SharedBackend>();
    let author = shop.as_ref().and_then(crate::backend::Admitted::to).map(|admitted| admitted.author);
    let reader = use_context::<crate::format::Reader>();
    async move {
        let shop = shop.ok_or(Problem::UnknownShop)?;
        let author = author.ok_or(Problem::UnknownShop)?;
        viewer::may_open(author.role, &place)?;
        let backend = backend.ok_or(Problem::Unreachable)?;
        let unreachable = |_| Problem::Unreachable;
        let head = backend.view(&shop).await.map_err(unreachable)?.ok_or(Problem::UnknownShop)?;
        if let Some(reader) = reader {
            reader.set_currency(Currency::of_books(&head.books));
        }
        let moment = moment(&as_of)?;
        let view = match moment {
            None => head.clone(),
            Some(moment) => {
                backend.view_as_of(&shop, moment).await.map_err(unreachable)?.ok_or(Problem::UnknownShop)?
            }
        };
        if moment.is_some() && view.books.position == 0 {
            let first =
                backend.entries(&shop, Asked::Before { before: Some(2), limit: 1 }).await.map_err(unreachable)?;
            return Err(Problem::BeforeFirst { first: first.first().map(|(_, entry)| entry.recorded_at) });
        }
        let older = match screen.asks(&view.books, &params) {
            Some(asked) => backend.entries(&shop, asked).await.map_err(unreachable)?,
            None => vec![],
        };
        let marks = Marks::all_confirmed(view.books.position);
        let now = PageContext {
            shop: &shop,
            title: &head.title,
            books: &head.books,
            marks: &Marks::all_confirmed(head.books.position),
            pending: &[],
            older: &older,
            since: None,
            as_of: None,
            device: None,
            author: &author,
            now: backend.now(),
        };
        if moment.is_none() {
            return Ok(screen.load(&now, &params));
        }
        let (as_of, then) = (Some(view.books.position), written_at(&view.books).unwrap_or(now.now));
        let then = PageContext { books: &view.books, marks: &marks, as_of, now: then, ..now };
        Ok(looking_back(&*screen, &then, &now, &params))
    }
}

#[cfg(not(feature = "ssr"))]
async fn source(
    shop: Option<ShopSlug>,
    replica: Replica,
    screen: Arc<dyn Screen>,
    Asking { params, as_of, place }: Asking,
) -> Result<Found, Problem> {
    let shop = shop.ok_or(Problem::UnknownShop)?;
    let picture = replica.first().await?;
    viewer::may_open(picture.author.role, &place)?;
    let books = match moment(&as_of)? {
        None => None,
        Some(moment) => Some(held::books_at(&shop, replica, moment).await?),
    };
    let lent = match screen.asks(books.as_ref().unwrap_or(&picture.books), &params) {
        Some(asked) if screen.follows() => Some(held::entries(&shop, replica, asked, &picture.books).await),
        _ => None,
    };
    let lent = lent.map(Arc::new);
    let (older, since) = lent.as_ref().map_or((&[][..], None), |lent| (&lent.older[..], lent.since.as_ref()));
    let now = PageContext { older, since, ..picture.context() };
    let Some(books) = books else { return Ok(Found { lent: lent.clone(), ..screen.load(&now, &params) }) };
    let (as_of, then) = (Some(books.position), written_at(&books).unwrap_or(now.now));
    let marks = Marks::all_confirmed(books.position);
    let then = PageContext { books: &books, marks: &marks, pending: &[], as_of, now: then, ..now };
    Ok(looking_back(&*screen, &then, &now, &params))
}
