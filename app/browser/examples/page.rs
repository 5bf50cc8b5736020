//! A page without pages: the scenarios that `tests/in_chromium.rs` runs in a real browser. Each answers with text.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use browser::{Config, Handle, Transport, clock, start};
use domain::{
    Command, ShopSlug,
    books::{Author, Role},
};
use futures::future::LocalBoxFuture;
use js_sys::{Object, Promise, Reflect};
use serde_json::{Value, json};
use sync::{
    Changes, SyncState,
    protocol::{ProtocolError, Push, PushAnswer, Snapshot, SnapshotRequest},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn send(address: &str, options: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_name = setTimeout)]
    fn call_later(callback: &JsValue, milliseconds: i32);
}

type Failure = Box<dyn std::error::Error>;

/// A scenario by its name, with what it needs behind a colon.
#[wasm_bindgen]
pub async fn run(scenario: String) -> String {
    let (name, argument) = scenario.split_once(':').unwrap_or((&scenario, ""));
    let answer = match name {
        "save" => save(argument).await,
        "list" => list().await,
        "converge" => converge(argument).await,
        "stored" => stored().await,
        "receipts" => receipts().await,
        "another-code" => another_code().await,
        "nothing-kept" => nothing_kept().await,
        "panic" => {
            browser::install_panic_hook();
            panic!("on purpose")
        }
        "panic-at-the-start" => panic_at_the_start().await,
        "reports" => reports().await,
        "late" => late().await,
        "cleared" => cleared(argument).await,
        "unreadable" => unreadable().await,
        _ => Err(format!("no scenario {name}").into()),
    };
    answer.unwrap_or_else(|failure| format!("failed: {failure}"))
}

struct Server;

async fn ask(address: &str, body: Option<String>) -> Result<String, JsValue> {
    let options = Object::new();
    if let Some(body) = body {
        Reflect::set(&options, &"method".into(), &"POST".into())?;
        Reflect::set(&options, &"body".into(), &body.into())?;
    }
    let response = JsFuture::from(send(address, &options)?).await?;
    if Reflect::get(&response, &"ok".into())?.is_falsy() {
        return Err("not ok".into());
    }
    let text: js_sys::Function = Reflect::get(&response, &"text".into())?.dyn_into()?;
    let text: Promise = text.call0(&response)?.dyn_into()?;
    Ok(JsFuture::from(text).await?.as_string().unwrap_or_default())
}

fn no_answer(problem: &dyn std::fmt::Debug) -> ProtocolError {
    ProtocolError::NoAnswer { problem: format!("{problem:?}") }
}

impl Transport for Server {
    fn push(&self, push: Push) -> LocalBoxFuture<'static, Result<PushAnswer, ProtocolError>> {
        Box::pin(async move {
            let body = serde_json::to_string(&push).map_err(|error| no_answer(&error))?;
            let answer = ask("/push", Some(body)).await.map_err(|error| no_answer(&error))?;
            serde_json::from_str(&answer).map_err(|error| no_answer(&error))
        })
    }

    fn snapshot(&self, request: SnapshotRequest) -> LocalBoxFuture<'static, Result<Snapshot, ProtocolError>> {
        Box::pin(async move {
            let body = serde_json::to_string(&request).map_err(|error| no_answer(&error))?;
            let answer = ask("/snapshot", Some(body)).await.map_err(|error| no_answer(&error))?;
            serde_json::from_str(&answer).map_err(|error| no_answer(&error))
        })
    }
}

thread_local! {
    /// Changes that the listener heard of.
    static CHANGES: Cell<u32> = const { Cell::new(0) };
    /// A page keeps its replica for as long as it is open.
    static KEPT: RefCell<Vec<Handle>> = const { RefCell::new(Vec::new()) };
}

async fn open() -> Result<Handle, Failure> {
    open_with(|_| CHANGES.set(CHANGES.get() + 1)).await
}

async fn open_with(on_change: fn(Changes)) -> Result<Handle, Failure> {
    let handle = start(Config {
        shop: ShopSlug::parse("demo")?,
        author: Author { actor: "demo".into(), role: Role::Owner },
        person: None,
        colleagues: Vec::new(),
        transport: Rc::new(Server),
        offered: None,
        on_revoked: Box::new(|| {}),
        on_change: Box::new(on_change),
    })
    .await;
    KEPT.with_borrow_mut(|kept| kept.push(handle.clone()));
    Ok(handle)
}

fn receive(batchref: &str) -> Result<Command, Failure> {
    Ok(Command::parse("stock.receive", &json!({"batchref": batchref, "sku": "OAT-1", "qty": 5}))?)
}

async fn pause(milliseconds: i32) {
    let promise = Promise::new(&mut |resolve, _| call_later(&resolve, milliseconds));
    let _ = JsFuture::from(promise).await;
}

/// Waits for a condition, and says what was there instead when it never came.
async fn until<T>(mut condition: impl FnMut() -> Result<T, Value>) -> Result<T, Failure> {
    let begin = clock::now().0;
    loop {
        match condition() {
            Ok(value) => return Ok(value),
            Err(seen) if clock::now().0 - begin > 20_000 => return Err(format!("waited in vain: {seen}").into()),
            Err(_) => pause(20).await,
        }
    }
}

/// Saves a command and says its id as soon as it is said to be saved.
async fn save(batchref: &str) -> Result<String, Failure> {
    let handle = open().await?;
    let saved = handle.issue(receive(batchref)?).await?;
    Ok(saved.id.to_string())
}

/// The pending commands, and whether there were books before the network was asked.
async fn list() -> Result<String, Failure> {
    let handle = open().await?;
    let pending: Vec<_> = handle.pending().iter().map(|view| json!([view.id.to_string(), view.state.word()])).collect();
    let position = handle.confirmed().position;
    Ok(json!({"pending": pending, "position": position, "problem": handle.storage().problem.map(|p| p.code())})
        .to_string())
}

/// Issues a command, and waits until this tab and the server are known to have the same books, with at least as
/// many entries as `argument` says behind the dash.
async fn converge(argument: &str) -> Result<String, Failure> {
    let (batchref, least) = argument.split_once('/').ok_or("no slash")?;
    let least: u64 = least.parse()?;
    let handle = open().await?;
    if !batchref.is_empty() {
        let saved = handle.issue(receive(batchref)?).await?;
        let state = handle.pending_of(saved.id).map(|view| view.state);
        if state.is_some_and(|state| state == SyncState::Saving) {
            return Err("still saving after it was said to be saved".into());
        }
    }
    until(|| {
        let (digests, pending, connection) = (handle.digests(), handle.pending(), handle.connection());
        let agreed =
            digests.agreed.filter(|agreed| agreed.position >= least.max(connection.confirmed) && pending.is_empty());
        agreed.map(|agreed| json!([agreed.position, agreed.digest, connection.state.word()]).to_string()).ok_or_else(
            || {
                let pending: Vec<_> = pending.iter().map(|view| view.state.word()).collect();
                json!({"confirmed": connection.confirmed, "head": connection.head, "state": connection.state.word(),
                "pending": pending, "reports": handle.reports().len(), "changes": CHANGES.get()})
            },
        )
    })
    .await
}

/// Waits until the kept copy of the log leads up to the confirmed books, and says where that is.
async fn stored() -> Result<String, Failure> {
    let handle = open().await?;
    let storage = browser::storage::Storage::new(&ShopSlug::parse("demo")?, |_| ());
    storage.load().await?;
    let begin = clock::now().0;
    loop {
        let position = handle.confirmed().position;
        if let Ok(Some((snapshot, tail))) = storage.load_book().await {
            let kept = tail.last().map_or(snapshot.books.position, |record| record.position);
            if position > 0 && kept == position {
                return Ok(kept.to_string());
            }
        }
        if clock::now().0 - begin > 20_000 {
            return Err(format!("nothing kept of {position} entries").into());
        }
        pause(50).await;
    }
}

async fn receipts() -> Result<String, Failure> {
    let handle = open().await?;
    let numbers = futures::future::join_all((0..20).map(|_| handle.next_receipt_number())).await;
    Ok(json!(numbers).to_string())
}

/// Says that it is there, and what it is called before and after the server has said that the code is another's.
async fn another_code() -> Result<String, Failure> {
    let handle = open().await?;
    let (code, number) = (handle.device_code(), handle.next_receipt_number().await);
    let _ = js_sys::eval("fetch('/report', { method: 'POST', body: 'there' })");
    let now = until(|| {
        let now = handle.device_code();
        if now == code { Err(json!(now)) } else { Ok(now) }
    })
    .await?;
    Ok(json!({"codes": [code, now], "numbers": [number, handle.next_receipt_number().await]}).to_string())
}

async fn nothing_kept() -> Result<String, Failure> {
    let handle = open().await?;
    let refused = handle.issue(receive("B-1")?).await.err().ok_or("it was said to be saved")?;
    Ok(json!({"keeps": handle.keeps_changes(), "error": refused.to_string()}).to_string())
}

/// As a fold that stops the program would.
async fn panic_at_the_start() -> Result<String, Failure> {
    browser::install_panic_hook();
    open_with(|_| panic!("on purpose")).await?;
    Ok("it went on".to_owned())
}

/// What is reported, and whether the log that was kept is still used.
async fn reports() -> Result<String, Failure> {
    let handle = open().await?;
    let reports: Vec<_> = handle.reports().into_iter().map(|(_, report)| report).collect();
    let pending: Vec<_> = handle.pending().iter().map(|view| json!([view.id.to_string(), view.state.word()])).collect();
    Ok(json!({"reports": reports, "pending": pending, "position": handle.confirmed().position}).to_string())
}

/// What is said while storage does not answer, and what is there when it has.
async fn late() -> Result<String, Failure> {
    let handle = open().await?;
    let view = handle.storage();
    let early = json!({
        "unread": matches!(view.mode, browser::Mode::Unread { .. }), "problem": view.problem.map(|problem| problem.code()),
        "keeps": handle.keeps_changes(), "pending": handle.pending().len(),
        "issued": handle.issue(receive("B-early")?).await.is_ok(),
    });
    // The database is let go by this.
    let _ = js_sys::eval("window.letGo()");
    let pending = until(|| {
        let pending = handle.pending();
        if handle.keeps_changes() && !pending.is_empty() { Ok(pending) } else { Err(json!(pending.len())) }
    })
    .await?;
    let pending: Vec<_> = pending.iter().map(|view| json!([view.id.to_string(), view.state.word()])).collect();
    let saved = handle.issue(receive("B-late")?).await.is_ok();
    Ok(json!({"early": early, "pending": pending, "saved": saved, "position": handle.confirmed().position,
        "device": handle.device_code()})
    .to_string())
}

/// Saves a command, has everything cleared that the browser keeps, and says what became of it.
async fn cleared(script: &str) -> Result<String, Failure> {
    let handle = open().await?;
    let (code, number) = (handle.device_code(), handle.next_receipt_number().await);
    let first = handle.issue(receive("B-1")?).await?.id;
    let begun: Promise = js_sys::eval(script).map_err(|error| format!("{error:?}"))?.into();
    JsFuture::from(begun).await.map_err(|error| format!("{error:?}"))?;
    until(|| handle.storage().cleared.ok_or(json!("not noticed"))).await?;
    let second = handle.next_receipt_number().await;
    until(|| {
        let state = handle.pending_of(first).map(|view| view.state);
        if state == Some(SyncState::SavedHere) { Ok(()) } else { Err(json!(state.map(SyncState::word))) }
    })
    .await?;
    Ok(json!({"id": first.to_string(), "codes": [code, handle.device_code()], "numbers": [number, second]}).to_string())
}

async fn unreadable() -> Result<String, Failure> {
    let handle = open().await?;
    let found: Vec<_> = handle.storage().unreadable.iter().map(|one| json!([one.id, one.text])).collect();
    Ok(json!({"unreadable": found, "pending": handle.pending().len()}).to_string())
}
