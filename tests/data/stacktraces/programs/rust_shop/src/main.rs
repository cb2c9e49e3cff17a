// Prints panics and errors with their backtraces: fields end with \x1f, records with \x1e.
//MOVE
mod orders;

use orders::{checkout, Checkout, Item, Order, Priced, Special};
use std::backtrace::Backtrace;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Mutex;

static SEEN: Mutex<Option<(String, String)>> = Mutex::new(None);

fn print(name: &str, kind: &str, message: &str, text: &str) {
    print!("{name}\x1f{kind}\x1f{message}\x1f{text}\x1e");
}

#[inline(never)]
fn panicked(name: &str, work: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(work));
    if let Some((message, text)) = SEEN.lock().unwrap().take() {
        print(name, "panic", &message, &text);
    }
}

#[inline(never)]
fn failed(name: &str, work: impl FnOnce() -> anyhow::Result<()>) {
    if let Err(error) = work() {
        print(name, "anyhow::Error", &error.to_string(), &format!("{error:?}"));
    }
}

fn main() {
    std::panic::set_hook(Box::new(|info| {
        let message = match info.payload().downcast_ref::<&str>() {
            Some(text) => text.to_string(),
            None => info.payload().downcast_ref::<String>().cloned().unwrap_or_default(),
        };
        let text = format!("thread 'main' {info}\nstack backtrace:\n{}", Backtrace::force_capture());
        *SEEN.lock().unwrap() = Some((message, text));
    }));
    let id: u64 = std::env::var("ID").ok().and_then(|id| id.parse().ok()).unwrap_or(4711);
    let depth: u32 = std::env::var("DEPTH").ok().and_then(|d| d.parse().ok()).unwrap_or(3);
    let order = Order { id, lines: vec![1, 0] };
    panicked("invalid_city", || order.validate("city"));
    panicked("invalid_user", || order.validate("user"));
    panicked("index", || { order.line(7); });
    panicked("closure", || { order.total(); });
    panicked("refund_none", || { order.refund(None); });
    panicked("ship_none", || { order.ship(None); });
    panicked("unwrap_err", || { order.parse(&format!("x{id}")); });
    panicked("expect", || { order.customer(None); });
    panicked("recursive", || { order.descend(depth); });
    panicked("generic", || { checkout::<Item>(vec![Item(id)]); });
    panicked("generic_special", || { checkout::<Special>(vec![Special(id)]); });
    panicked("trait_object", || { let one: Box<dyn Priced> = Box::new(Item(id)); one.price(); });
    panicked("boxed_closure", || { let work: Box<dyn Fn(u64) -> u64> = orders::rule(); work(id); });
    panicked("thread", || { std::thread::scope(|s| { s.spawn(|| order.validate("thread")).join().ok(); }); });
    panicked("drop", || { drop(orders::Guard(id)); });
    panicked("overflow", || { order.less(u64::MAX); });
    panicked("not_found", || { order.missing("order"); });
    panicked("not_found_user", || { order.missing("user"); });
    panicked("payment", || { order.pay(); });
    failed("io", || Checkout.place(&order, "io"));
    failed("setting", || Checkout.place(&order, "setting"));
    failed("bail", || Checkout.refuse(&order));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    failed("async", || runtime.block_on(Checkout.place_async(&order)));
    panicked("async_panic", || { runtime.block_on(Checkout.ship_async(&order)); });
    failed("spawned", || runtime.block_on(async { tokio::spawn(Checkout.spawned(id)).await? }));
}
