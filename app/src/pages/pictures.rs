//! Every picture of the shop, newest first. Issues `picture.add`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    live::{PageContext, page},
    ui::{
        erased::Parts,
        head::PageHead,
        pictures::{AddPicture, PictureList, Small},
    },
    viewer::Offered,
};

/// Pictures on the page; older ones are on the pages of what they are about.
const SHOWN: usize = 100;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub pictures: Vec<Small>,
}

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<Model> {
    let mut rows: Vec<_> = context.books.projections.pictures.pictures.iter().collect();
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.added.position));
    let pictures = rows.into_iter().take(SHOWN).map(|(id, row)| Small::of(context, id, row)).collect();
    Some(Model { shop: context.title.to_owned(), pictures })
}

#[component]
pub fn Pictures() -> impl IntoView {
    page(|| (), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    view! {
        <PageHead title="Pictures".to_owned() shop/>
        <section class="section" aria-label="Pictures"><PictureList list=model.part(|model| model.pictures.clone())/></section>
        <Offered command="picture.add">
            <section class="section">
                <h2>"Add a picture"</h2>
                <AddPicture about=None/>
            </section>
        </Offered>
    }
}
