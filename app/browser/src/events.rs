//! Listening to the browser, and its timers: each ends when its value is dropped.

use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{Event, EventTarget};

/// A listener on an event target.
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub fn on(target: &EventTarget, event: &'static str, heard: impl FnMut(Event) + 'static) -> Self {
        let closure = Closure::<dyn FnMut(Event)>::new(heard);
        // Fails only for a target that is not one.
        let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        Self { target: target.clone(), event, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.closure.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.event, callback);
    }
}

#[wasm_bindgen]
extern "C" {
    // Globals, not methods of `Window`.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
    #[wasm_bindgen(js_name = requestAnimationFrame)]
    fn request_animation_frame(callback: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = cancelAnimationFrame)]
    fn cancel_animation_frame(frame: &JsValue);
}

#[wasm_bindgen]
extern "C" {
    /// Ends what it was given to, before its time.
    #[derive(Debug)]
    pub type AbortController;
    #[wasm_bindgen(constructor)]
    pub fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    pub fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    pub fn abort(this: &AbortController);
}

/// One `setTimeout`.
#[derive(Debug)]
pub struct Timer {
    timer: JsValue,
    _closure: Closure<dyn FnMut()>,
}

impl Timer {
    pub fn after(milliseconds: u64, due: impl FnOnce() + 'static) -> Self {
        let closure = Closure::once(due);
        // Longer delays than this wrap around to "at once" in every browser.
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        Self { timer: set_timeout(closure.as_ref(), milliseconds), _closure: closure }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}

/// One `requestAnimationFrame`. A page that nobody sees has no frames, and is called back when it is seen again.
#[derive(Debug)]
pub struct Frame {
    frame: JsValue,
    _closure: Closure<dyn FnMut()>,
}

impl Frame {
    pub fn next(due: impl FnOnce() + 'static) -> Self {
        let closure = Closure::once(due);
        Self { frame: request_animation_frame(closure.as_ref()), _closure: closure }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        cancel_animation_frame(&self.frame);
    }
}

/// Resolves after that time.
pub async fn sleep(milliseconds: u64) {
    let (sender, receiver) = futures::channel::oneshot::channel();
    let _timer = Timer::after(milliseconds, move || {
        let _ = sender.send(());
    });
    let _ = receiver.await;
}
