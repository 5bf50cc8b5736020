//! Pictures and what people say about them.

use app::backend::View;
use axum::response::Response;
use domain::{
    projections::pictures::{CommentRow, PictureRow},
    values::{CommentId, PictureId},
};
use serde_json::{Value, json};

use super::{goods::shown_to, paging::Page, problem::Problem, reading::Door};

/// As this reader may see it: whose account it is about is for whoever sees money.
fn show(door: &Door, id: &PictureId, row: &PictureRow, comments: usize) -> Value {
    let picture = json!({
        "picture_id": id, "blob": row.blob, "media_type": row.media_type, "width": row.width, "height": row.height,
        "about": row.about, "caption": row.caption, "author": &*row.added.by, "position": row.added.position,
        "issued_at": row.added.issued_at, "recorded_at": row.added.recorded_at, "comments": comments,
        "href": format!("/api/v1/shops/{}/blobs/{}", door.shop.slug, row.blob),
    });
    shown_to(door.author.role, picture)
}

fn show_comment(id: &PictureId, row: &CommentRow) -> Value {
    let edited = row.edited.as_ref();
    json!({
        "comment_id": row.comment_id, "picture_id": id, "text": row.text, "author": &*row.added.by,
        "position": row.added.position, "issued_at": row.added.issued_at, "recorded_at": row.added.recorded_at,
        "edited_by": edited.map(|edited| &*edited.by), "edited_at": edited.map(|edited| edited.recorded_at),
    })
}

fn comments_on(view: &View, id: &PictureId) -> usize {
    view.books.aggregates.pictures.get(id).map_or(0, |picture| picture.comments as usize)
}

/// `GET /pictures`
///
/// # Errors
/// [`Problem`].
pub async fn list(door: Door) -> Result<Response, Problem> {
    let page = Page::of(&door.query, |text| PictureId::parse(text).ok())?;
    door.read(|view| {
        let rows = view.books.projections.pictures.pictures.range(page.range());
        Ok(page.answer(rows, PictureId::as_str, |id, row| show(&door, id, row, comments_on(view, id))))
    })
    .await
}

fn picture<'a>(door: &Door, view: &'a View) -> Result<(PictureId, &'a PictureRow), Problem> {
    let unknown = || Problem::not_found("picture of this name");
    let id = PictureId::parse(door.segment("id")).map_err(|_| unknown())?;
    let row = view.books.projections.pictures.pictures.get(&id).ok_or_else(unknown)?;
    Ok((id, row))
}

/// `GET /pictures/{id}`
///
/// # Errors
/// 404 for a picture that the shop does not know.
pub async fn one(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let (id, row) = picture(&door, view)?;
        Ok(show(&door, &id, row, comments_on(view, &id)))
    })
    .await
}

/// `GET /pictures/{id}/comments`: those that are there, in the order of the log.
///
/// # Errors
/// 404 for a picture that the shop does not know.
pub async fn comments(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let (id, _) = picture(&door, view)?;
        let thread = view.books.projections.pictures.thread(&id);
        let items: Vec<_> = thread.map(|row| show_comment(&id, row)).collect();
        Ok(json!({"items": items, "next": null}))
    })
    .await
}

/// `GET /comments/{id}`
///
/// # Errors
/// 404 for a comment that the shop does not know, and for one that was deleted.
pub async fn comment(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let found = CommentId::parse(door.segment("id")).ok().and_then(|id| {
            let comment = view.books.aggregates.comments.get(&id)?;
            let picture = comment.picture_id.clone()?;
            let row = view.books.projections.pictures.comments.get(&(picture.clone(), comment.added.position))?;
            Some(show_comment(&picture, row))
        });
        found.ok_or_else(|| Problem::not_found("comment of this name"))
    })
    .await
}
