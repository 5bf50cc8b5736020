//! Another password, for whoever is signed in, and where else they are.

use leptos::prelude::*;

use super::query_param;
use crate::{
    format,
    people::SessionRow,
    text,
    ui::{
        door::{DoorField, Notice, door, problem},
        erased::{IntoPart, Part, follow},
    },
};

#[component]
pub fn ChangePassword() -> impl IntoView {
    let done = query_param("done");
    let said = move || text::password_done(&done()).map(|words| view! { <Notice tone="good"><p>{words}</p></Notice> });
    let found = Resource::new_blocking(|| (), |()| sessions());
    let form = view! {
        {follow(said)}
        <form method="post" action="/session/password" class="form">
            {problem(query_param("problem"))}
            <DoorField name="current" label="Current password" autocomplete="current-password"/>
            <DoorField name="password" label="New password" autocomplete="new-password" hint=text::PASSWORD_HINT/>
            <div class="actions"><button class="button primary">"Change"</button></div>
        </form>
        <Suspense>{follow(move || Suspend::new(async move { found.await.map(everywhere) }))}</Suspense>
    };
    door("Change the password", form.into_part())
}

fn everywhere(sessions: Vec<SessionRow>) -> Part {
    let has_others = sessions.iter().any(|session| !session.is_here);
    let all_others = has_others.then(|| {
        view! {
            <form method="post" action="/session/elsewhere">
                <button class="button danger">"Sign out everywhere else"</button>
            </form>
        }
    });
    view! {
        <section class="section">
            <h2>"Where you are signed in"</h2>
            <ul class="needs" data-testid="sessions">{sessions.into_iter().map(row).collect_view()}</ul>
            {all_others}
        </section>
    }
    .into_part()
}

fn row(SessionRow { name, begun_at, used_at, is_here }: SessionRow) -> Part {
    let heading = if is_here { "This browser" } else { "Another browser" };
    let end = (!is_here).then(|| {
        view! {
            <form method="post" action="/session/elsewhere">
                <input type="hidden" name="session" value=name/>
                <button class="button quiet">"Sign out there"</button>
            </form>
        }
    });
    view! {
        <li>
            <h3>{heading}</h3>
            <p class="note">{format!("Since {}, last used {}", format::moment(begun_at), format::moment(used_at))}</p>
            {end}
        </li>
    }
    .into_part()
}

#[cfg(feature = "ssr")]
fn sessions() -> impl Future<Output = Option<Vec<SessionRow>>> + Send {
    let backend = use_context::<crate::backend::SharedBackend>();
    let headers = use_context::<http::request::Parts>().map(|parts| parts.headers);
    async move { backend?.sessions(&headers?).await }
}

#[cfg(not(feature = "ssr"))]
async fn sessions() -> Option<Vec<SessionRow>> {
    None
}
