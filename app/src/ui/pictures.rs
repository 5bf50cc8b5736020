//! Pictures of something: small ones that lead to their pages, and a form that adds one. Where the page is alive, a picture
//! that is only on this device is shown from there.

use domain::{
    picture::Subject,
    projections::pictures::PictureRow,
    values::{BlobHash, PictureId},
};
use leptos::{html, prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::{
    forms::FILE,
    live::PageContext,
    pages::name_of,
    replica::{Replica, Taken},
    text,
    ui::{
        command_form::{CommandForm, FormState},
        erased::{IntoPart, Parts, follow, handle},
        field::Field,
        mark::{Mark, SyncMark},
        rows::rows,
    },
    viewer::Offered,
};

/// What an `<img>` needs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Seen {
    pub blob: BlobHash,
    pub source: String,
    pub alternative: String,
    pub width: u32,
    pub height: u32,
}

/// A picture in a list.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Small {
    pub picture_id: String,
    pub href: String,
    pub seen: Seen,
    pub comments: usize,
    pub mark: Mark,
}

impl Seen {
    #[must_use]
    pub fn of(context: &PageContext<'_>, row: &PictureRow) -> Self {
        let name = |sku: &domain::values::Sku| name_of(context.books, sku);
        let about = context.seen_subject(row.about.as_ref()).map(|subject| text::pictures::subject(subject, &name));
        let caption = row.caption.as_ref().map(domain::values::Caption::as_str);
        Self {
            blob: row.blob.clone(),
            source: format!("/api/v1/shops/{}/blobs/{}", context.shop, row.blob),
            alternative: text::pictures::alternative(caption, about.as_deref()),
            width: row.width.get(),
            height: row.height.get(),
        }
    }
}

impl Small {
    #[must_use]
    pub fn of(context: &PageContext<'_>, id: &PictureId, row: &PictureRow) -> Self {
        let state = context.marks.of(&["picture"], id.as_str(), row.added.position);
        Self {
            picture_id: id.to_string(),
            href: context.at(&format!("/pictures/{id}")),
            seen: Seen::of(context, row),
            comments: context.books.projections.pictures.thread(id).count(),
            mark: Mark::new(state, row.added.position),
        }
    }

    /// Those about one thing, newest first.
    #[must_use]
    pub fn about(context: &PageContext<'_>, subject: &Subject) -> Vec<Self> {
        let found = context.books.projections.pictures.about(subject).rev();
        found.map(|(id, row)| Self::of(context, id, row)).collect()
    }
}

/// A section of a record's page. `about`: the kind of record as in a command's data, and its name.
#[component]
pub fn PicturesOf(list: Memo<Vec<Small>>, about: (&'static str, String)) -> impl IntoView {
    view! {
        <section class="section" aria-label="Pictures">
            <h2>"Pictures"</h2>
            <PictureList list/>
            <Offered command="picture.add">
                <details>
                    <summary>"Add a picture"</summary>
                    <AddPicture about=Some(about)/>
                </details>
            </Offered>
        </section>
    }
}

#[component]
pub fn PictureList(list: Memo<Vec<Small>>) -> impl IntoView {
    let none = list.part(Vec::is_empty);
    view! {
        {follow(move || none.get().then(|| view! { <p class="quiet-text">"No pictures yet."</p> }))}
        <ul class="pictures">{rows(list, |row| row.picture_id.clone(), |row: Memo<Small>| {
            let mark = row.part(|row| row.mark);
            let seed = row.get_untracked();
            view! {
                <li
                    data-picture=seed.picture_id
                    data-sync=mark.show(|mark| mark.state.name())
                    data-position=mark.show(|mark| mark.confirmed_position())
                >
                    <a href=seed.href>
                        <Shown seen=seed.seen/>
                        <span class="note">{row.show(|row| text::counted(row.comments, "comment", "comments"))}</span>
                    </a>
                    <SyncMark state=mark.part(|mark| mark.state)/>
                </li>
            }
        })}</ul>
    }
}

/// The picture. Where the server does not give it, this device may have it.
#[component]
pub fn Shown(seen: Seen) -> impl IntoView {
    let replica = Replica::of_context();
    let element = NodeRef::<html::Img>::new();
    let is_missing = RwSignal::new(false);
    let kept = RwSignal::new(None::<String>);
    // It may have failed before the page came to life.
    Effect::new(move |_| {
        if element.get().is_some_and(|element| element.complete() && element.natural_width() == 0) {
            is_missing.set(true);
        }
    });
    let blob = seen.blob;
    Effect::new(move |_| {
        if !is_missing.get() || kept.with_untracked(Option::is_some) {
            return;
        }
        // Followed, to ask again when the device has started.
        if let (Some(_), Some(device)) = (replica.line(), replica.device()) {
            let found = device.kept_picture(&blob);
            spawn_local(async move { _ = kept.try_set(found.await) });
        }
    });
    let source = seen.source;
    view! {
        <img
            node_ref=element
            src=follow(move || kept.get().unwrap_or_else(|| source.clone()))
            alt=seen.alternative
            width=seen.width
            height=seen.height
            decoding="async"
            on:error=handle(move |_| is_missing.set(true))
        />
    }
}

/// A form that adds a picture. Where no script runs the file itself is posted; else it is made ready here, and the form
/// names it.
#[component]
pub fn AddPicture(about: Option<(&'static str, String)>) -> impl IntoView {
    let taken = RwSignal::new(None::<Taken>);
    let about = about.map(|(kind, id)| view! { <input type="hidden" name=format!("about.{kind}") value=id/> });
    view! {
        <CommandForm
            command="picture.add"
            id="picture"
            label="Add a picture".to_owned()
            with_picture=true
            on_done=Callback::new(move |_| _ = taken.try_set(None))
        >
            {about}
            <PictureField taken/>
            <Field name="caption" label="What is to be seen" hint="For those who cannot see it, and for finding it again."/>
            <div class="actions"><button type="submit">"Add the picture"</button></div>
        </CommandForm>
    }
}

#[component]
fn PictureField(taken: RwSignal<Option<Taken>>) -> impl IntoView {
    let (state, replica) = (FormState::of_context(), Replica::of_context());
    let id = state.field_id("blob");
    let error_id = format!("{id}-error");
    let unfit = RwSignal::new(None::<String>);
    let wrong = state.problem("blob");
    let problem = Signal::derive(move || unfit.get().or_else(|| wrong.get()));
    let field = StoredValue::new(id.clone());
    let take = move || {
        let Some((device, _)) = replica.keeping_device() else { return };
        let taking = device.take_picture(field.get_value());
        spawn_local(async move {
            let (now, why) = match taking.await {
                Ok(now) => (now, None),
                Err(why) => (None, Some(text::pictures::not_taken(&why))),
            };
            taken.try_set(now);
            unfit.try_set(why);
        });
    };
    // It may have been chosen before the page came to life.
    Effect::new(move |before: Option<bool>| {
        let is_ready = replica.line().is_some() && replica.keeping_device().is_some();
        if is_ready && before != Some(true) {
            take();
        }
        is_ready
    });
    let part = move |name: &'static str, value: fn(&Taken) -> String| {
        let value = follow(move || taken.with(|taken| taken.as_ref().map(value).unwrap_or_default()));
        view! { <input type="hidden" name=name value=value/> }
    };
    view! {
        <div class="field" data-invalid=follow(move || problem.with(Option::is_some).then_some(""))>
            <label for=id.clone()>"Picture"</label>
            <input
                id=id
                type="file"
                name=FILE
                accept="image/jpeg,image/png,image/webp"
                aria-required="true"
                aria-invalid=follow(move || problem.with(Option::is_some).then_some("true"))
                aria-describedby=error_id.clone()
                on:change=handle(move |_| take())
            />
            <p class="error" id=error_id>{follow(move || problem.get())}</p>
            {part("blob", |taken| taken.blob.to_string())}
            {part("media_type", |taken| taken.media_type.as_str().to_owned())}
            {part("width", |taken| taken.width.to_string())}
            {part("height", |taken| taken.height.to_string())}
        </div>
        {follow(move || taken.get().map(|taken| view! {
            <p class="note" data-taken=taken.blob.to_string()>{format!("Ready: {} × {} pixels, kept on this device.", taken.width, taken.height)}</p>
        }.into_part()))}
    }
}
