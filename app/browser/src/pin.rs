//! PINs of people who share this device, as far as it can look at them itself: for switching without a network. The server
//! looks at its own when it can be reached, and takes what this device says people wrote only for those whom it knows here.
//!
//! What is kept is derived by PBKDF2, slowly. Four to six digits are still few: whoever takes the device apart finds them.
//! They keep colleagues apart at the till, and nobody else.

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::storage::mirror;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn random(into: &Uint8Array) -> Result<JsValue, JsValue>;

    // There in secure contexts alone, as all of the app is.
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    fn import_key(
        format: &str,
        key: &Uint8Array,
        algorithm: &str,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = deriveBits, catch)]
    fn derive_bits(algorithm: &Object, key: &JsValue, bits: u32) -> Result<Promise, JsValue>;
}

/// Of PBKDF2 with SHA-256: as many as OWASP advises.
const ROUNDS: u32 = 600_000;
/// Wrong tries in a row, after which only the server can tell, or the password. Its own number.
const MOST_WRONG: u32 = 5;

#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    salt: Vec<u8>,
    rounds: u32,
    derived: Vec<u8>,
    #[serde(default)]
    wrong: u32,
}

/// Of the origin, and of no shop: a person is one in all of them.
fn key(login: &str) -> String {
    format!("daybook:pin:{login}")
}

async fn derived(pin: &str, salt: &[u8], rounds: u32) -> Result<Vec<u8>, JsValue> {
    let usages = Array::of1(&"deriveBits".into());
    let key = import_key("raw", &Uint8Array::from(pin.as_bytes()), "PBKDF2", false, &usages)?;
    let key = JsFuture::from(key).await?;
    let algorithm = Object::new();
    let set = |name: &str, value: JsValue| Reflect::set(&algorithm, &name.into(), &value);
    set("name", "PBKDF2".into())?;
    set("hash", "SHA-256".into())?;
    set("salt", Uint8Array::from(salt).into())?;
    set("iterations", rounds.into())?;
    let bits = JsFuture::from(derive_bits(&algorithm, &key, 256)?).await?;
    Ok(Uint8Array::new(&bits).to_vec())
}

/// The server has taken this PIN. One that cannot be kept is looked at by the server alone.
pub async fn keep(login: &str, pin: &str) {
    let salt = Uint8Array::new_with_length(16);
    if random(&salt).is_err() {
        return;
    }
    let salt = salt.to_vec();
    if let Ok(derived) = derived(pin, &salt, ROUNDS).await {
        let _ = mirror::set(&key(login), &Kept { salt, rounds: ROUNDS, derived, wrong: 0 });
    }
}

/// Whether it is the PIN that this device keeps for a person. Counted as wrong before it is looked at.
pub async fn fits(login: &str, pin: &str) -> bool {
    let Some(kept) = mirror::get::<Kept>(&key(login)).filter(|kept| kept.wrong < MOST_WRONG) else { return false };
    let tried = Kept { wrong: kept.wrong + 1, ..kept };
    if mirror::set(&key(login), &tried).is_err() {
        return false;
    }
    let fits = derived(pin, &tried.salt, tried.rounds).await.is_ok_and(|derived| derived == tried.derived);
    if fits {
        let _ = mirror::set(&key(login), &Kept { wrong: 0, ..tried });
    }
    fits
}

pub fn forget(login: &str) {
    mirror::delete(&key(login));
}
