//! Prints three panics with their backtraces, each ended by a form feed.
use std::backtrace::Backtrace;

trait Priced {
    fn price(&self) -> u32;
}
struct Item;
impl Priced for Item {
    #[inline(never)]
    fn price(&self) -> u32 {
        let found: Option<u32> = None;
        found.expect("a price")
    }
}

#[inline(never)]
fn total(items: &[Box<dyn Priced>]) -> u32 {
    items.iter().map(|item| item.price()).sum()
}

#[inline(never)]
fn index(values: &[u32], at: usize) -> u32 {
    values[at]
}

fn main() {
    std::panic::set_hook(Box::new(|info| print!("{info}\nstack backtrace:\n{}\u{c}", Backtrace::force_capture())));
    let _ = std::panic::catch_unwind(|| total(&[Box::new(Item)]));
    let _ = std::panic::catch_unwind(|| index(&[1, 2], std::env::args().count() + 6));
    let _ = std::thread::spawn(|| index(&[], 1)).join();
}
