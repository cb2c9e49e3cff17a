use anyhow::{bail, Context, Result};
//MOVE
use std::time::Duration;

pub struct Order {
    pub id: u64,
    pub lines: Vec<u64>,
}

pub struct Item(pub u64);
pub struct Special(pub u64);
pub struct Guard(pub u64);

pub trait Priced {
    fn price(&self) -> u64;
}

impl Priced for Item {
    #[inline(never)]
    fn price(&self) -> u64 {
        panic!("item {} has no price", self.0)
    }
}

impl Priced for Special {
    #[inline(never)]
    fn price(&self) -> u64 {
        panic!("special {} has no price", self.0)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        panic!("guard {} dropped", self.0)
    }
}

#[inline(never)]
pub fn checkout<T: Priced>(items: Vec<T>) -> u64 {
    items.iter().map(|item| item.price()).sum()
}

pub fn rule() -> Box<dyn Fn(u64) -> u64> {
    //EXTRA
    Box::new(|id| {
        //MOVE
        panic!("rule broken by {id}")
    })
}

impl Order {
    #[inline(never)]
    pub fn validate(&self, field: &str) {
        //MOVE
        panic!("{field} is invalid");
    }

    #[inline(never)]
    pub fn line(&self, number: usize) -> u64 {
        self.lines[number]
    }

    #[inline(never)]
    pub fn total(&self) -> u64 {
        //EXTRA
        self.lines.iter().map(|line| 10 / line).sum()
    }

    #[inline(never)]
    pub fn refund(&self, payment: Option<u64>) -> u64 {
        payment.unwrap()
    }

    #[inline(never)]
    pub fn ship(&self, parcel: Option<u64>) -> u64 {
        //MOVE
        parcel.unwrap()
    }

    #[inline(never)]
    pub fn parse(&self, text: &str) -> u64 {
        text.parse().unwrap()
    }

    #[inline(never)]
    pub fn customer(&self, name: Option<&str>) -> usize {
        name.expect("order has a customer").len()
    }

    #[inline(never)]
    pub fn descend(&self, depth: u32) -> u32 {
        if depth == 0 {
            panic!("order {} too deep", self.id);
        }
        std::hint::black_box(self.descend(depth - 1)) + 1
    }

    #[inline(never)]
    pub fn less(&self, count: u64) -> u64 {
        self.id.checked_sub(count).expect("enough in stock")
    }

    #[inline(never)]
    pub fn missing(&self, what: &str) {
        panic!("{what} not found");
    }

    #[inline(never)]
    pub fn pay(&self) {
        panic!("order not found");
    }
}

pub struct Checkout;

impl Checkout {
    #[inline(never)]
    pub fn place(&self, order: &Order, how: &str) -> Result<()> {
        let work = if how == "io" { self.load(order) } else { self.setting(order) };
        work.with_context(|| format!("order {} failed", order.id))
    }

    #[inline(never)]
    fn load(&self, order: &Order) -> Result<()> {
        //MOVE
        std::fs::read(format!("/nonexistent/{}", order.id))?;
        Ok(())
    }

    #[inline(never)]
    fn setting(&self, _order: &Order) -> Result<()> {
        std::env::var("SHOP_DATABASE_URL")?;
        Ok(())
    }

    #[inline(never)]
    pub fn refuse(&self, order: &Order) -> Result<()> {
        bail!("order {} refused", order.id)
    }

    pub async fn place_async(&self, order: &Order) -> Result<()> {
        //MOVE
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.load(order).context("order not loaded")
    }

    pub async fn ship_async(&self, order: &Order) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        order.ship(None);
    }

    pub async fn spawned(self, id: u64) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        bail!("order {id} not spawned")
    }
}
