//! Where types end. In Leptos every closure in a view is a type of its own, every element repeats the types of all
//! that is in it, and the compiler writes each of them out anew. Here they become one type for each kind of value,
//! which is half of what a first visit downloads.

use leptos::prelude::*;

#[cfg(not(feature = "ssr"))]
mod part;

#[cfg(not(feature = "ssr"))]
pub use part::Part;

/// A view of any type. In the browser it leaves out what only routes loaded later would need of `AnyView`.
#[cfg(feature = "ssr")]
pub type Part = AnyView;

/// Anything that can be shown becomes a [`Part`].
pub trait IntoPart {
    fn into_part(self) -> Part;
}

#[cfg(feature = "ssr")]
impl<V: IntoView + 'static> IntoPart for V {
    fn into_part(self) -> Part {
        self.into_any()
    }
}

#[cfg(not(feature = "ssr"))]
impl<V: IntoView + 'static> IntoPart for V {
    fn into_part(self) -> Part {
        Part::new(self)
    }
}

/// What stands between the tags of a component.
pub struct Inside(Box<dyn FnOnce() -> Part + Send>);

impl Inside {
    #[must_use]
    pub fn show(self) -> Part {
        (self.0)()
    }
}

impl<V: IntoView + 'static, F: FnOnce() -> V + Send + 'static> leptos::children::ToChildren<F> for Inside {
    fn to_children(inside: F) -> Self {
        Self(Box::new(move || inside().into_part()))
    }
}

/// A value that follows signals, as text, attribute or view.
pub type Following<T> = Box<dyn FnMut() -> T + Send>;

/// `{follow(move || …)}` shows what `{move || …}` shows.
pub fn follow<T: 'static>(value: impl FnMut() -> T + Send + 'static) -> Following<T> {
    Box::new(value)
}

/// What an event does.
pub type Handler<E> = Box<dyn FnMut(E)>;

/// `on:click=handle(move |_| …)` does what `on:click=move |_| …` does.
pub fn handle<E: 'static>(does: impl FnMut(E) + 'static) -> Handler<E> {
    Box::new(does)
}

type Worked<T> = Box<dyn Fn(Option<&T>) -> T + Send + Sync>;

/// A [`Memo`]. `value` is given the value before.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Memo<T> {
    let value: Worked<T> = Box::new(value);
    Memo::new(value)
}

/// What is shown of a row, or of a page's model. As function pointers: one type for each kind of value, not one for
/// each place.
pub trait Parts<R> {
    /// `{row.show(|row| row.name.clone())}` follows the row's name.
    fn show<T: 'static>(self, read: fn(&R) -> T) -> Following<T>;

    /// A memo of a part of it.
    fn part<T: PartialEq + Send + Sync + 'static>(self, read: fn(&R) -> T) -> Memo<T>;
}

impl<R: Send + Sync + 'static> Parts<R> for Memo<R> {
    fn show<T: 'static>(self, read: fn(&R) -> T) -> Following<T> {
        follow(move || self.with(read))
    }

    fn part<T: PartialEq + Send + Sync + 'static>(self, read: fn(&R) -> T) -> Memo<T> {
        memo(move |_| self.with(read))
    }
}
