//! A form that sends a command. It is a real form, posted to the shop's door, so it works where no script runs. Where
//! the page is alive it decides on this device, says what is wrong at the field, and is saved here.

use std::collections::BTreeMap;

use domain::{Command, CommandId, Refusal, ShopSlug, fields::FieldError};
use leptos::{
    ev::SubmitEvent,
    html,
    prelude::*,
    task::spawn_local,
    wasm_bindgen::JsCast,
    web_sys::{FormData, HtmlElement, HtmlFormElement, UrlSearchParams},
};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::{
    approval,
    forms::{self, CameBack, DOOR, Form, PICTURE_DOOR},
    replica::{NotDone, Replica, Wish},
    text,
    ui::{
        announce::Announcer,
        erased::{Inside, IntoPart, handle},
        frame::at,
        past::Writing,
        toast::Toasts,
    },
    viewer::Viewer,
};

/// What a form knows of its fields. Provided to them by context.
#[derive(Clone, Copy)]
pub struct FormState {
    id: StoredValue<String>,
    errors: RwSignal<Vec<FieldError>>,
    /// About the whole form.
    refused: RwSignal<Option<String>>,
    typed: StoredValue<BTreeMap<String, String>>,
}

impl FormState {
    fn new(id: String, came_back: Option<CameBack>, command: &str) -> Self {
        let back = came_back.filter(|back| back.form == id).unwrap_or_default();
        let state = Self {
            id: StoredValue::new(id),
            errors: RwSignal::new(back.errors),
            refused: RwSignal::new(back.unanswered.then(|| text::UNANSWERED.to_owned())),
            typed: StoredValue::new(back.typed),
        };
        if let Some(refusal) = back.refusal {
            state.refuse(&refusal, command);
        }
        state
    }

    #[must_use]
    pub fn of_context() -> Self {
        use_context().unwrap_or_else(|| Self::new(String::new(), None, ""))
    }

    /// Unique on the page.
    #[must_use]
    pub fn field_id(&self, name: &str) -> String {
        self.id.with_value(|form| format!("{form}-{}", name.replace(['[', ']', '.'], "-")))
    }

    /// What was typed before the form came back.
    #[must_use]
    pub fn typed(&self, name: &str) -> Option<String> {
        self.typed.with_value(|typed| typed.get(name).cloned())
    }

    /// What is wrong with a field, in words.
    #[must_use]
    pub fn problem(&self, name: &str) -> Signal<Option<String>> {
        let (errors, name) = (self.errors, name.to_owned());
        Signal::derive(move || {
            errors.with(|errors| {
                errors.iter().find(|error| error.field == name).map(|error| text::sentence_of(&error.problem))
            })
        })
    }

    fn clear(&self) {
        self.errors.try_set(vec![]);
        self.refused.try_set(None);
    }

    fn refuse(&self, refusal: &domain::Refusal, command: &str) {
        let words = text::refusal(refusal);
        let field = forms::field_at_fault(refusal, command);
        if field.is_empty() {
            self.refused.try_set(Some(words));
        } else {
            self.errors.try_set(vec![FieldError { field: field.to_owned(), problem: words }]);
        }
    }
}

/// A command that a form has saved on this device.
#[derive(Clone, PartialEq, Debug)]
pub struct Done {
    pub id: CommandId,
    pub command: Command,
}

/// A form for one type of command; nothing for those whose role may not give it. Its children are the fields and the
/// buttons.
#[component]
pub fn CommandForm(
    /// As `stock.receive`.
    command: &'static str,
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The page to go to afterwards; none stays here.
    #[prop(optional, into)]
    next: Option<String>,
    /// Where the page is alive it stays, whatever `next` says.
    #[prop(optional)]
    stays: bool,
    /// A picture is chosen in it.
    #[prop(optional)]
    with_picture: bool,
    #[prop(default = "form")] class: &'static str,
    #[prop(optional, into)] label: Option<String>,
    /// Runs after the command was saved here.
    #[prop(optional)]
    on_done: Option<Callback<Done>>,
    /// The command that this one puts back.
    #[prop(optional_no_strip)]
    undoes: Option<CommandId>,
    /// The command of this device whose place this one takes.
    #[prop(optional_no_strip)]
    replaces: Option<CommandId>,
    /// Why that one was not accepted: said from the start, with the focus in the field at fault.
    #[prop(optional_no_strip)]
    refused: Option<Refusal>,
    children: Inside,
) -> impl IntoView {
    let viewer = Viewer::of_context();
    if viewer.may(command).is_err() {
        return ().into_part();
    }
    let shop = use_context::<ShopSlug>();
    let (replica, announcer, toasts) = (Replica::of_context(), Announcer::of_context(), Toasts::of_context());
    let location = use_location();
    let came_back =
        CameBack::of_query(&location.search.with_untracked(|query| query.trim_start_matches('?').to_owned()));
    let state = FormState::new(id.clone(), came_back, command);
    provide_context(state);
    let form_element = NodeRef::<html::Form>::new();
    if let Some(refusal) = refused {
        state.refuse(&refusal, command);
        Effect::new(move |_| form_element.get().iter().for_each(show_problem));
    }
    let return_to = location.pathname.get_untracked();
    let door = if with_picture { PICTURE_DOOR } else { DOOR };
    let enctype = with_picture.then_some("multipart/form-data");
    let action = shop.as_ref().map(|shop| at(shop, door)).unwrap_or_default();
    let navigate = use_navigate();
    let busy = StoredValue::new(false);
    let stays = stays || next.is_none();
    let next = next.unwrap_or_else(|| return_to.clone());
    let target = next.clone();

    let submit = move |event: SubmitEvent| {
        // Without a device that keeps things, the form goes to the server as it is.
        let Some((device, picture)) = replica.keeping_device() else { return };
        let Some(element) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else { return };
        event.prevent_default();
        if busy.get_value() {
            return;
        }
        busy.set_value(true);
        state.clear();
        let form = Form::of_body(&body_of(&element, event.submitter().as_ref()));
        let (navigate, target) = (navigate.clone(), target.clone());
        spawn_local(async move {
            let number = if form.needs_number() { device.next_number().await } else { String::new() };
            let mut typed = form.command(&number, &picture.books);
            if let Ok(command) = &typed
                && let Err(error) = approval::agree(&*device, &form, command, viewer.role, &picture.books).await
            {
                typed = Err(vec![error]);
            }
            let issued = match typed {
                Err(errors) => {
                    state.errors.try_set(errors);
                    None
                }
                Ok(command) => {
                    match device.issue(Wish { command: command.clone(), undoes, replaces, by: None }).await {
                        Ok(id) => Some(Done { id, command }),
                        Err(NotDone::Refused(refusal)) => {
                            state.refuse(&refusal, &form.command_type);
                            None
                        }
                        Err(NotDone::NotSaved(problem)) => {
                            state.refused.try_set(Some(text::not_saved(&problem)));
                            None
                        }
                        Err(NotDone::NotNow) => {
                            state.refused.try_set(Some(text::SETTLED_MEANWHILE.to_owned()));
                            None
                        }
                    }
                }
            };
            busy.try_set_value(false);
            let Some(done) = issued else { return show_problem(&element) };
            let words = text::saved(&done.command);
            announcer.say(words.clone());
            toasts.show(words, Some(done.id));
            element.reset();
            if let Some(on_done) = on_done {
                // Whoever has left the page meanwhile has taken it along.
                on_done.try_run(done);
            }
            if !stays {
                navigate(&target, NavigateOptions::default());
            }
        });
    };

    let form_id = id.clone();
    view! {
        <form id=form_id class=class method="post" action=action enctype=enctype aria-label=label novalidate=true node_ref=form_element on:submit=handle(submit)>
            <input type="hidden" name="type" value=command/>
            {undoes.map(|id| view! { <input type="hidden" name="undoes" value=id.to_string()/> })}
            <input type="hidden" name="command_id" value=rendered_id()/>
            <input type="hidden" name="form" value=id/>
            <input type="hidden" name="return_to" value=return_to/>
            <input type="hidden" name="next" value=next/>
            <Problems state/>
            <Writing>{children.show()}</Writing>
        </form>
    }
    .into_part()
}

/// What is wrong with the form, on top of it, each with a link to its field.
#[component]
fn Problems(state: FormState) -> impl IntoView {
    move || {
        let (errors, refused) = (state.errors.get(), state.refused.get());
        (refused.is_some() || !errors.is_empty()).then(|| {
            let links = errors.into_iter().map(|error| {
                let href = format!("#{}", state.field_id(&error.field));
                view! { <li><a href=href rel="external">{text::field_problem(&error.field, &error.problem)}</a></li> }
            });
            let links: Vec<_> = links.collect();
            view! {
                <div class="form-error" role="alert" tabindex="-1">
                    <strong>{text::NOT_SAVED}</strong>
                    {refused.map(|words| view! { <p>{words}</p> })}
                    {(!links.is_empty()).then(|| view! { <ul>{links}</ul> })}
                </div>
            }
        })
    }
}

/// Takes people to the first thing that is wrong, once it is on the page.
fn show_problem(form: &HtmlFormElement) {
    let form = form.clone();
    request_animation_frame(move || {
        let at_fault = form.query_selector("[aria-invalid=true]").ok().flatten();
        let at_fault = at_fault.or_else(|| form.query_selector(".form-error").ok().flatten());
        if let Some(element) = at_fault.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}

/// As the browser itself would post it, with the button that was pressed.
fn body_of(form: &HtmlFormElement, button: Option<&HtmlElement>) -> String {
    let params = FormData::new_with_form(form).and_then(|data| UrlSearchParams::new_with_str_sequence_sequence(&data));
    let Ok(params) = params else { return String::new() };
    if let Some(button) = button
        && let (Some(name), Some(value)) = (button.get_attribute("name"), button.get_attribute("value"))
    {
        params.append(&name, &value);
    }
    String::from(params.to_string())
}

/// The id under which the form is posted. Made once, with the page, so that posting the form twice is one command.
/// A page made in the browser leaves it to the server: there the form is not posted at all, or only once.
#[cfg(feature = "ssr")]
fn rendered_id() -> String {
    use_context::<crate::backend::SharedBackend>().map(|backend| backend.fresh_id().to_string()).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
fn rendered_id() -> String {
    String::new()
}
