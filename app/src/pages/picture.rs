//! One picture and what people say about it. Issues `comment.add`, `comment.edit`, `comment.delete`.

use domain::{picture::Subject, projections::pictures::CommentRow, values::PictureId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::path_param;
use crate::{
    live::{PageContext, page},
    text,
    ui::{
        command_form::CommandForm,
        erased::{IntoPart, Part, Parts, follow, handle, memo},
        field::{Field, Kind},
        frame::here,
        head::PageHead,
        mark::{Mark, SyncMark},
        pictures::{Seen, Shown},
        rows::rows,
    },
    viewer::Offered,
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub picture_id: String,
    pub title: String,
    pub seen: Seen,
    pub signed: String,
    /// What it is about, and its page.
    pub about: Option<(String, String)>,
    pub mark: Mark,
    pub comments: Vec<Comment>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Comment {
    pub comment_id: String,
    pub text: String,
    pub signed: String,
    pub mark: Mark,
}

#[must_use]
pub fn load(context: &PageContext<'_>, id: &String) -> Option<Model> {
    let id = PictureId::parse(id).ok()?;
    let read = &context.books.projections.pictures;
    let row = read.pictures.get(&id)?;
    let seen = Seen::of(context, row);
    let name = |sku: &domain::values::Sku| super::name_of(context.books, sku);
    let about = context.seen_subject(row.about.as_ref()).map(|subject| {
        let path = match subject {
            Subject::Product(sku) => format!("/products/{sku}"),
            Subject::Batch(batchref) => format!("/batches/{batchref}"),
            Subject::Order(order_id) => format!("/orders/{order_id}"),
            Subject::Account(account_id) => format!("/accounts/{account_id}"),
        };
        (text::pictures::subject(subject, &name), context.at(&path))
    });
    Some(Model {
        shop: context.title.to_owned(),
        title: row.caption.as_ref().map_or_else(|| seen.alternative.clone(), ToString::to_string),
        seen,
        signed: text::pictures::signed(&row.added, None),
        about,
        mark: Mark::new(context.marks.of(&["picture"], id.as_str(), row.added.position), row.added.position),
        comments: read.thread(&id).map(|row| Comment::of(context, row)).collect(),
        picture_id: id.to_string(),
    })
}

impl Comment {
    fn of(context: &PageContext<'_>, row: &CommentRow) -> Self {
        let position = row.edited.as_ref().unwrap_or(&row.added).position;
        let state = context.marks.of(&["comment"], row.comment_id.as_str(), position);
        Self {
            comment_id: row.comment_id.to_string(),
            text: row.text.to_string(),
            signed: text::pictures::signed(&row.added, row.edited.as_ref()),
            mark: Mark::new(state, position),
        }
    }
}

#[component]
pub fn PicturePage() -> impl IntoView {
    page(path_param("picture_id"), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = model.part(|model| model.title.clone());
    let shop = model.part(|model| model.shop.clone());
    let mark = model.part(|model| model.mark);
    let about = model.part(|model| model.about.clone());
    let picture_id = model.with_untracked(|model| model.picture_id.clone());
    view! {
        <PageHead title shop crumbs=vec![("Pictures".to_owned(), here("/pictures"))]>
            <a class="button quiet" href=here(&format!("/history/picture-{picture_id}"))>"History"</a>
        </PageHead>
        <section
            class="section record"
            aria-label="Picture"
            data-sync=mark.show(|mark| mark.state.name())
            data-position=mark.show(|mark| mark.confirmed_position())
        >
            <figure class="picture">
                <Shown seen=model.with_untracked(|model| model.seen.clone())/>
                <figcaption class="note">
                    {model.show(|model| model.signed.clone())}
                    {follow(move || about.get().map(|(words, href)| view! { " · " <a href=href>{words}</a> }))}
                </figcaption>
            </figure>
            <p><SyncMark state=mark.part(|mark| mark.state)/></p>
        </section>
        <Thread model/>
    }
}

#[component]
fn Thread(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.comments.clone());
    let none = list.part(Vec::is_empty);
    let picture_id = model.with_untracked(|model| model.picture_id.clone());
    view! {
        <section class="section" aria-label="Comments">
            <h2>"Comments"</h2>
            {follow(move || none.get().then(|| view! { <p class="quiet-text">"Nobody has said anything yet."</p> }))}
            <ol class="comments">{rows(list, |row| row.comment_id.clone(), comment)}</ol>
            <CommandForm command="comment.add" id="comment" label="Add a comment".to_owned()>
                <input type="hidden" name="picture_id" value=picture_id/>
                <Field name="text" label="Comment" kind=Kind::Paragraph required=true/>
                <div class="actions"><button type="submit">"Add the comment"</button></div>
            </CommandForm>
        </section>
    }
}

fn comment(row: Memo<Comment>) -> impl IntoView {
    let mark = row.part(|row| row.mark);
    let words = row.part(|row| row.text.clone());
    let id = row.with_untracked(|row| row.comment_id.clone());
    let (named, deleted) = (id.clone(), id.clone());
    let is_open = RwSignal::new(false);
    // A form that is open stays as its author found it, with the text that they are about to replace.
    let seen = memo(move |before: Option<&String>| match before {
        Some(before) if is_open.get() => before.clone(),
        _ => words.get(),
    });
    view! {
        <li
            data-comment=named
            data-sync=mark.show(|mark| mark.state.name())
            data-position=mark.show(|mark| mark.confirmed_position())
        >
            <p class="comment-text">{follow(move || words.get())}</p>
            <p class="note">{row.show(|row| row.signed.clone())} " " <SyncMark state=mark.part(|mark| mark.state)/></p>
            <Offered command="comment.edit">
                <div class="actions">
                    <details open=follow(move || is_open.get()) on:toggle=handle(move |event| is_open.set(is_open_now(&event)))>
                        <summary class="button quiet">"Edit"</summary>
                        {follow(move || edit(id.clone(), seen.get(), is_open))}
                    </details>
                    <CommandForm command="comment.delete" id=format!("delete-{deleted}") class="actions" label="Remove the comment".to_owned()>
                        <input type="hidden" name="comment_id" value=deleted/>
                        <button type="submit" class="quiet danger">"Remove"</button>
                    </CommandForm>
                </div>
            </Offered>
        </li>
    }
}

fn edit(id: String, was: String, is_open: RwSignal<bool>) -> Part {
    view! {
        <CommandForm
            command="comment.edit"
            id=format!("edit-{id}")
            label="Edit the comment".to_owned()
            on_done=Callback::new(move |_| _ = is_open.try_set(false))
        >
            <input type="hidden" name="comment_id" value=id/>
            <input type="hidden" name="was" value=was.clone()/>
            <Field name="text" label="Comment" kind=Kind::Paragraph value=was required=true/>
            <div class="actions"><button type="submit">"Save the comment"</button></div>
        </CommandForm>
    }
    .into_part()
}

fn is_open_now(event: &leptos::ev::Event) -> bool {
    use leptos::wasm_bindgen::JsCast;
    let element = event.target().and_then(|target| target.dyn_into::<leptos::web_sys::Element>().ok());
    element.is_some_and(|element| element.has_attribute("open"))
}
