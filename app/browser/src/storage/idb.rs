//! IndexedDB, as much of it as Daybook needs: open, write in one transaction, read in one transaction.
//!
//! IndexedDB commits a transaction on its own as soon as the event loop turns without a request on it. So nothing
//! here ever waits inside one: every request is made synchronously, then the transaction alone is waited for.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures::channel::oneshot;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{IdbDatabase, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction};

use super::error::StorageError;

#[wasm_bindgen]
extern "C" {
    /// `web-sys` has `transaction(stores, mode, options)` only behind `web_sys_unstable_apis`, a switch that would
    /// have to be set for the whole build.
    #[wasm_bindgen(extends = js_sys::Object, js_name = IDBDatabase)]
    type Transactions;

    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn transaction(
        this: &Transactions,
        stores: &JsValue,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;

    /// Asks the browser to commit now. A tab that is frozen between the last request and the automatic commit
    /// would hold the database for every other tab.
    #[wasm_bindgen(extends = js_sys::Object, js_name = IDBTransaction)]
    type Commits;

    #[wasm_bindgen(method, catch)]
    fn commit(this: &Commits) -> Result<(), JsValue>;
}

/// When a write counts as done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// When the bytes are on the medium: survives the browser being killed and the power being cut.
    Strict,
    /// When the operating system has them: for what can be fetched again.
    Relaxed,
}

/// One step of a writing transaction.
#[derive(Clone, PartialEq, Debug)]
pub enum Write {
    Put { store: &'static str, key: String, value: Vec<u8> },
    Delete { store: &'static str, key: String },
    Clear { store: &'static str },
}

impl Write {
    fn store(&self) -> &'static str {
        match self {
            Self::Put { store, .. } | Self::Delete { store, .. } | Self::Clear { store } => store,
        }
    }
}

/// An open database. Closes when dropped.
#[derive(Debug)]
pub struct Database {
    database: IdbDatabase,
    has_ended: Rc<Cell<bool>>,
    /// The browser's `close` and `versionchange` events end the connection; the closure must live as long as it.
    _on_end: Closure<dyn FnMut()>,
}

impl Drop for Database {
    fn drop(&mut self) {
        self.database.set_onclose(None);
        self.database.set_onversionchange(None);
        self.database.close();
    }
}

impl Database {
    /// Opens `name`, made with `stores` when it does not exist. `ended` is called when the connection ends by
    /// somebody else's doing.
    pub async fn open(
        name: String,
        stores: &'static [&'static str],
        ended: impl Fn() + 'static,
    ) -> Result<Self, StorageError> {
        let factory = web_sys::window()
            .ok_or_else(|| StorageError::named("MissingStorage", "no window"))?
            .indexed_db()?
            .ok_or_else(|| StorageError::named("MissingStorage", "no indexedDB"))?;
        let request = factory.open_with_u32(&name, 1)?;
        let database: IdbDatabase = opened(&request, stores).await?;
        let (closing, has_ended) = (database.clone(), Rc::<Cell<bool>>::default());
        let on_end = {
            let has_ended = has_ended.clone();
            Closure::<dyn FnMut()>::new(move || {
                closing.close();
                has_ended.set(true);
                ended();
            })
        };
        // The browser has cleared what it keeps, and closes what is open on it.
        database.set_onclose(Some(on_end.as_ref().unchecked_ref()));
        // Another tab wants to delete or upgrade the database: holding on to it would block that tab for ever.
        database.set_onversionchange(Some(on_end.as_ref().unchecked_ref()));
        Ok(Self { database, has_ended, _on_end: on_end })
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    fn begin(&self, stores: &JsValue, mode: &str, durability: Durability) -> Result<IdbTransaction, StorageError> {
        let options = Object::new();
        let durability = match durability {
            Durability::Strict => "strict",
            Durability::Relaxed => "relaxed",
        };
        Reflect::set(&options, &"durability".into(), &durability.into())?;
        let transactions: &Transactions = self.database.unchecked_ref();
        let begun = transactions.transaction(stores, mode, &options).map_err(StorageError::from);
        // The browser says so here before it says so by its event.
        self.has_ended.set(self.has_ended() || matches!(begun, Err(StorageError::Closed { .. })));
        begun
    }

    /// Does all of `writes` or none. Done when the transaction's `complete` event has fired.
    pub async fn write(&self, writes: &[Write], durability: Durability) -> Result<(), StorageError> {
        if writes.is_empty() {
            return Ok(());
        }
        let stores = Array::new();
        for write in writes {
            let name = JsValue::from_str(write.store());
            if !stores.includes(&name, 0) {
                stores.push(&name);
            }
        }
        let transaction = self.begin(&stores, "readwrite", durability)?;
        let completion = completion(&transaction);
        let asked = writes.iter().try_for_each(|write| ask(&transaction, write));
        if asked.is_ok() {
            let _ = transaction.unchecked_ref::<Commits>().commit();
        }
        finished(&transaction, completion, asked).await
    }

    /// Every key that begins with `prefix`, with its value, in key order, of one moment.
    pub async fn read(&self, store: &str, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let transaction = self.begin(&store.into(), "readonly", Durability::Relaxed)?;
        let completion = completion(&transaction);
        let asked = (|| -> Result<_, StorageError> {
            let objects = transaction.object_store(store)?;
            // Keys are compared by UTF-16 units, and this is the last of them.
            let range = IdbKeyRange::bound(&prefix.into(), &format!("{prefix}\u{ffff}").into())?;
            Ok((objects.get_all_keys_with_key(&range)?, objects.get_all_with_key(&range)?))
        })();
        let (keys, values) = finished(&transaction, completion, asked).await?;
        let (keys, values): (Array, Array) = (keys.result()?.unchecked_into(), values.result()?.unchecked_into());
        Ok(keys
            .iter()
            .zip(values.iter())
            .filter_map(|(key, value)| Some((key.as_string()?, bytes_of(&value))))
            .collect())
    }

    /// Replaces one value by what `change` makes of it, without another tab coming in between. Gives back the new
    /// value.
    pub async fn update(
        &self,
        store: &str,
        key: &str,
        change: impl FnOnce(Option<Vec<u8>>) -> Vec<u8> + 'static,
    ) -> Result<Vec<u8>, StorageError> {
        let transaction = self.begin(&store.into(), "readwrite", Durability::Relaxed)?;
        let completion = completion(&transaction);
        let asked = (|| -> Result<_, StorageError> {
            let objects = transaction.object_store(store)?;
            let request = objects.get(&key.into())?;
            Ok((objects, request))
        })();
        let (objects, request) = match asked {
            Ok(asked) => asked,
            Err(error) => return finished(&transaction, completion, Err(error)).await,
        };
        let key = JsValue::from_str(key);
        let written = Rc::new(RefCell::new(None));
        let on_success = {
            // The transaction is active inside its own request's event, and only there: no waiting here either.
            let (request, objects, written) = (request.clone(), objects.clone(), written.clone());
            Closure::once(move || {
                let old = request.result().ok().filter(|value| !value.is_undefined()).map(|value| bytes_of(&value));
                let new = change(old);
                if objects.put_with_key(&Uint8Array::from(&new[..]), &key).is_ok() {
                    *written.borrow_mut() = Some(new);
                }
            })
        };
        request.set_onsuccess(Some(on_success.as_ref().unchecked_ref()));
        completion.await?;
        written.take().ok_or_else(|| StorageError::named("Unknown", "the value was not written"))
    }
}

fn ask(transaction: &IdbTransaction, write: &Write) -> Result<(), StorageError> {
    let objects: IdbObjectStore = transaction.object_store(write.store())?;
    match write {
        Write::Put { key, value, .. } => objects.put_with_key(&Uint8Array::from(&value[..]), &key.into())?,
        Write::Delete { key, .. } => objects.delete(&key.into())?,
        Write::Clear { .. } => objects.clear()?,
    };
    Ok(())
}

/// What is not bytes was not written by us. As text it is at least there to be seen.
fn bytes_of(value: &JsValue) -> Vec<u8> {
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return bytes.to_vec();
    }
    let text = js_sys::JSON::stringify(value).ok().and_then(|text| text.as_string());
    text.unwrap_or_else(|| format!("{value:?}")).into_bytes()
}

/// Waits for `upgradeneeded`, `success`, `error` or `blocked`.
async fn opened(request: &IdbOpenDbRequest, stores: &'static [&'static str]) -> Result<IdbDatabase, StorageError> {
    let (sender, receiver) = oneshot::channel::<Result<(), StorageError>>();
    let sender = Rc::new(RefCell::new(Some(sender)));
    let answer = move |result| {
        if let Some(sender) = sender.borrow_mut().take() {
            let _ = sender.send(result);
        }
    };
    let on_upgrade = {
        let request = request.clone();
        Closure::once(move || {
            if let Ok(result) = request.result() {
                let database: IdbDatabase = result.unchecked_into();
                for store in stores {
                    // A store that cannot be made is noticed at the first transaction that names it.
                    let _ = database.create_object_store(store);
                }
            }
        })
    };
    let on_success = {
        let answer = answer.clone();
        Closure::once(move || answer(Ok(())))
    };
    let on_error = {
        let request = request.clone();
        Closure::once(move || answer(Err(error_of(request.error()))))
    };
    request.set_onupgradeneeded(Some(on_upgrade.as_ref().unchecked_ref()));
    request.set_onsuccess(Some(on_success.as_ref().unchecked_ref()));
    request.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    receiver.await.map_err(|_| StorageError::named("Unknown", "no answer from indexedDB"))??;
    Ok(IdbRequest::result(request)?.unchecked_into())
}

/// Resolves on the transaction's own end, never on a request's `success`: a request that succeeded is undone when
/// its transaction aborts afterwards, as it does when the disk is full.
fn completion(transaction: &IdbTransaction) -> impl Future<Output = Result<(), StorageError>> + use<> {
    let (sender, receiver) = oneshot::channel::<Result<(), StorageError>>();
    let sender = Rc::new(RefCell::new(Some(sender)));
    let answer = move |result| {
        if let Some(sender) = sender.borrow_mut().take() {
            let _ = sender.send(result);
        }
    };
    let on_complete = {
        let answer = answer.clone();
        Closure::once(move || answer(Ok(())))
    };
    let on_abort = {
        let transaction = transaction.clone();
        Closure::once(move || {
            let error = transaction.error().map_or_else(
                || StorageError::named("AbortError", "the transaction was aborted"),
                |exception| StorageError::named(&exception.name(), &exception.message()),
            );
            answer(Err(error));
        })
    };
    transaction.set_oncomplete(Some(on_complete.as_ref().unchecked_ref()));
    transaction.set_onabort(Some(on_abort.as_ref().unchecked_ref()));
    async move {
        let result = receiver.await;
        drop((on_complete, on_abort));
        result.map_err(|_| StorageError::named("Unknown", "no answer from indexedDB"))?
    }
}

/// Waits for the transaction's end. Where not all could be asked for, what was must not be kept on its own, and is
/// waited for all the same: the browser calls back until then.
async fn finished<T>(
    transaction: &IdbTransaction,
    completion: impl Future<Output = Result<(), StorageError>>,
    asked: Result<T, StorageError>,
) -> Result<T, StorageError> {
    if asked.is_err() {
        let _ = transaction.abort();
    }
    let completed = completion.await;
    let asked = asked?;
    completed.map(|()| asked)
}

fn error_of(error: Result<Option<web_sys::DomException>, JsValue>) -> StorageError {
    match error {
        Ok(Some(exception)) => StorageError::named(&exception.name(), &exception.message()),
        Ok(None) => StorageError::named("Unknown", "the request failed without a reason"),
        Err(thrown) => thrown.into(),
    }
}
