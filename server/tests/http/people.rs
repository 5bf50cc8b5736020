//! People of a shop, and their way in by its pages.

use domain::{ShopSlug, books::Role, values::Millis};
use reqwest::{Client, Response, StatusCode};
use server::access::password::Passwords;
use store::{
    EventStore,
    access::{Login, Member, Person},
};
use uuid::Uuid;

use crate::support::Daybook;

pub const PASSWORD: &str = "correct horse battery";

/// A member of a shop who can sign in.
pub async fn person(store: &dyn EventStore, login: &str, shop: &str, role: Role) -> Person {
    let password = Some(Passwords::default().hash(PASSWORD.to_owned()).await.unwrap());
    let login = Login::parse(login).unwrap();
    let person = Person { id: Uuid::new_v4(), login, name: "Asha".into(), password, added_at: Millis(0) };
    let access = store.access();
    assert!(access.add_person(person.clone()).await.unwrap());
    let shop = ShopSlug::parse(shop).unwrap();
    let member = Member { shop, person: person.id, role, since: Millis(0), ended_at: None };
    access.set_member(member).await.unwrap();
    person
}

pub async fn sign_in(daybook: &Daybook, client: &Client, login: &str, password: &str) -> Response {
    let form = [("login", login), ("password", password), ("next", "/s/test/products")];
    client.post(format!("{}/session", daybook.origin)).form(&form).send().await.unwrap()
}

/// What the browser of somebody who signs in sends from then on.
pub async fn session(daybook: &Daybook, login: &str) -> String {
    cookie(&sign_in(daybook, &daybook.client, login, PASSWORD).await)
}

pub fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// What the browser sends from now on.
pub fn cookie(response: &Response) -> String {
    let set = response.headers()["set-cookie"].to_str().unwrap();
    let parts: Vec<&str> = set.split("; ").collect();
    for attribute in ["Path=/", "HttpOnly", "SameSite=Lax"] {
        assert!(parts.contains(&attribute), "{set}");
    }
    // Browsers take no `__Host-` name and no `Secure` from a plain connection.
    assert!(parts[0].starts_with("daybook_session=daybook_") && !set.contains("Secure"), "{set}");
    parts[0].to_owned()
}
