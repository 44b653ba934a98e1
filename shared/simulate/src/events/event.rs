//! An event, before anything goes wrong with it.

use super::moment::Moment;

/// What a visitor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum EventKind {
    PageView,
    ProductView,
    Search,
    AddToCart,
    Checkout,
    Purchase,
    Signup,
    Error,
}

impl EventKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PageView => "page_view",
            Self::ProductView => "product_view",
            Self::Search => "search",
            Self::AddToCart => "add_to_cart",
            Self::Checkout => "checkout",
            Self::Purchase => "purchase",
            Self::Signup => "signup",
            Self::Error => "error",
        }
    }
}

/// An event; texts are made of its numbers when it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    /// Unique; its text has the same order.
    pub(super) id: u64,
    pub(super) kind: EventKind,
    pub(super) user: u32,
    pub(super) session: u32,
    pub(super) at: Moment,
    pub(super) platform: &'static str,
    pub(super) country: &'static str,
}

impl Event {
    pub(super) fn event_id(&self) -> String {
        format!("e{:016x}", self.id)
    }

    pub(super) fn user_id(&self) -> String {
        format!("user_{:06}", self.user)
    }

    pub(super) fn session_id(&self) -> String {
        format!("s{:08}", self.session)
    }
}
