//! As Leptos' `AnyView`, for the browser, and without its second way to hydrate, step by step while code is still
//! coming: that way is not taken, and would be written out for every type once more.

use std::any::{Any, TypeId};

use leptos::{
    prelude::{AddAnyAttr, IntoView, Mountable, Render, RenderHtml},
    tachys::{
        html::attribute::{Attribute, any_attribute::AnyAttribute},
        hydration::Cursor,
        renderer::{
            Rndr,
            types::{Element, Node, Placeholder},
        },
        view::{Position, PositionState},
    },
};

pub struct Part {
    kind: TypeId,
    view: Box<dyn Shown>,
}

impl Part {
    pub(super) fn new<V: IntoView + 'static>(view: V) -> Self {
        Self { kind: TypeId::of::<V>(), view: Box::new(view) }
    }
}

/// A view whose type is forgotten.
trait Shown: Send {
    fn built(self: Box<Self>) -> (Box<dyn Kept>, Option<Placeholder>);
    fn rebuilt(self: Box<Self>, state: &mut dyn Any);
    fn hydrated(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> (Box<dyn Kept>, Option<Placeholder>);
}

/// What a view has become in the document.
trait Kept: Mountable + Any {}

impl<S: Mountable + Any> Kept for S {}

impl<V: IntoView + 'static> Shown for V {
    fn built(self: Box<Self>) -> (Box<dyn Kept>, Option<Placeholder>) {
        (Box::new((*self).build()), (!V::EXISTS).then(Rndr::create_placeholder))
    }

    fn rebuilt(self: Box<Self>, state: &mut dyn Any) {
        if let Some(state) = state.downcast_mut() {
            (*self).rebuild(state);
        }
    }

    fn hydrated(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> (Box<dyn Kept>, Option<Placeholder>) {
        let state = Box::new((*self).hydrate::<true>(cursor, position));
        (state, (!V::EXISTS).then(|| cursor.next_placeholder(position)))
    }
}

pub struct PartState {
    kind: TypeId,
    state: Box<dyn Kept>,
    /// The place of what has none of its own in the document.
    placeholder: Option<Placeholder>,
}

impl Mountable for PartState {
    fn unmount(&mut self) {
        self.state.unmount();
        if let Some(placeholder) = &mut self.placeholder {
            placeholder.unmount();
        }
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.state.mount(parent, marker);
        if let Some(placeholder) = &mut self.placeholder {
            placeholder.mount(parent, marker);
        }
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.state.insert_before_this(child)
            || self.placeholder.as_ref().is_some_and(|placeholder| placeholder.insert_before_this(child))
    }

    fn elements(&self) -> Vec<Element> {
        self.state.elements()
    }
}

impl Render for Part {
    type State = PartState;

    fn build(self) -> PartState {
        let (state, placeholder) = self.view.built();
        PartState { kind: self.kind, state, placeholder }
    }

    fn rebuild(self, state: &mut PartState) {
        if self.kind == state.kind {
            return self.view.rebuilt(&mut *state.state);
        }
        let mut new = self.build();
        match &mut state.placeholder {
            Some(placeholder) => {
                placeholder.insert_before_this(&mut new);
            }
            None => {
                state.state.insert_before_this(&mut new);
            }
        }
        state.unmount();
        *state = new;
    }
}

impl AddAnyAttr for Part {
    type Output<A: Attribute> = Self;

    /// Nothing: attributes are written at the elements themselves, never at a component.
    fn add_any_attr<A: Attribute>(self, _: A) -> Self {
        self
    }
}

impl RenderHtml for Part {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    /// The server alone writes markup, and has another type for it.
    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> PartState {
        let (state, placeholder) = self.view.hydrated(cursor, position);
        PartState { kind: self.kind, state, placeholder }
    }

    fn into_owned(self) -> Self {
        self
    }
}
