//! Who belongs to the shop: for its owners. The forms are posted as they are; nothing of this is on any device.

use domain::books::Role;
use leptos::prelude::*;

use crate::{
    api::shop_people,
    format,
    live::{PageContext, page},
    people::{InviteRow, Made, MemberRow, People},
    text,
    ui::{
        door::{Newcomer, Notice},
        erased::{IntoPart, Part},
        owners::{self, for_owners},
    },
};

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<String> {
    Some(context.title.to_owned())
}

#[component]
pub fn PeoplePage() -> impl IntoView {
    owners::ask(shop_people);
    page(|| (), load, show)
}

fn show(title: Memo<String>) -> impl IntoView {
    for_owners("People", "/people", title, text::people_done, everybody)
}

/// What was made a moment ago: a whole address, to be sent to one person.
fn made_now(made: Made) -> Part {
    let (address, what, once) = match made {
        Made::Invite { address } => (address, "Send this to the one person whom you invite: ", text::INVITE_ONCE),
        Made::Reset { address } => (address, "Send this to the one whose password it is: ", text::RESET_ONCE),
    };
    view! {
        <Notice tone="good">
            <p>{what}<a href=address.clone() rel="external" data-testid="invitation">{address.clone()}</a></p>
            <p>{once}</p>
        </Notice>
    }
    .into_part()
}

fn everybody(door: &str, People { asks, members, invites, made }: People) -> Part {
    if !asks {
        return open_shop(door);
    }
    let rows = members.into_iter().map(|member| member_row(door, member)).collect_view();
    let open = invites.into_iter().map(|invite| invite_row(door, invite)).collect_view();
    view! {
        {made.map(made_now)}
        <ul class="needs" data-testid="members">{rows}</ul>
        <section class="section">
            <h2>"Invite somebody"</h2>
            <form method="post" action=door.to_owned() class="form">
                <input type="hidden" name="do" value="invite"/>
                <RoleField id="invite-role".to_owned() now=Role::Seller/>
                <div class="actions"><button class="button primary">"Make an invite"</button></div>
            </form>
        </section>
        <section class="section">
            <h2>"Open invites"</h2>
            <ul class="needs" data-testid="invites">{open}</ul>
        </section>
    }
    .into_part()
}

#[component]
fn RoleField(id: String, now: Role) -> impl IntoView {
    let options = Role::ALL.into_iter().map(|role| {
        let words = format!("{}: {}", text::role(role), text::role_means(role));
        view! { <option value=role.word() selected=role == now>{words}</option> }
    });
    view! {
        <div class="field">
            <label for=id.clone()>"Role"</label>
            <select id=id name="role">{options.collect_view()}</select>
        </div>
    }
    .into_part()
}

fn member_row(door: &str, member: MemberRow) -> Part {
    let MemberRow { login, name, role, since, is_you } = member;
    let heading = if is_you { format!("{name} (you)") } else { name };
    let id = format!("role-of-{login}");
    let reset = (!is_you).then(|| {
        view! {
            <form method="post" action=door.to_owned()>
                <input type="hidden" name="do" value="reset"/>
                <input type="hidden" name="login" value=login.clone()/>
                <button class="button">"Password forgotten: make a link"</button>
            </form>
        }
    });
    view! {
        <li data-login=login.clone()>
            <h3>{heading}</h3>
            <p class="note">{format!("{login} · {} · since {}", text::role(role), format::moment(since))}</p>
            <details class="menu">
                <summary class="button">"Change"</summary>
                <div>
                    <form method="post" action=door.to_owned() class="form">
                        <input type="hidden" name="do" value="role"/>
                        <input type="hidden" name="login" value=login.clone()/>
                        <RoleField id now=role/>
                        <div class="actions"><button class="button">"Save the role"</button></div>
                    </form>
                    {reset}
                    <form method="post" action=door.to_owned()>
                        <input type="hidden" name="do" value="remove"/>
                        <input type="hidden" name="login" value=login.clone()/>
                        <button class="button danger">"Remove from the shop"</button>
                    </form>
                </div>
            </details>
        </li>
    }
    .into_part()
}

fn invite_row(door: &str, InviteRow { id, role, expires_at }: InviteRow) -> Part {
    view! {
        <li>
            <h3>{text::role(role)}</h3>
            <p class="note">{format!("Good until {}", format::moment(expires_at))}</p>
            <form method="post" action=door.to_owned()>
                <input type="hidden" name="do" value="withdraw"/>
                <input type="hidden" name="invite" value=id/>
                <button class="button quiet">"Withdraw"</button>
            </form>
        </li>
    }
    .into_part()
}

/// A shop that asks nobody, and how it gets its first owner.
fn open_shop(door: &str) -> Part {
    view! {
        <p>{text::OPEN_SHOP}</p>
        <section class="section">
            <h2>"Make it yours"</h2>
            <p>{text::OPEN_SHOP_ENDS}</p>
            <form method="post" action=door.to_owned() class="form">
                <input type="hidden" name="do" value="found"/>
                <Newcomer/>
                <div class="actions"><button class="button primary">"Become the owner"</button></div>
            </form>
        </section>
    }
    .into_part()
}
