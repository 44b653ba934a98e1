//! From which address a request comes.

use std::net::{IpAddr, SocketAddr};

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::serve::{IncomingStream, Listener};

use crate::Telling;

/// From which address a request comes: who is refused is counted by it. Whoever hands a request to the
/// router puts `ConnectInfo` of this beside it (an extension of the request). What a request says itself,
/// as in `X-Forwarded-For`, could be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(IpAddr);

impl Peer {
    /// At this address.
    pub fn at(address: IpAddr) -> Self {
        Self(address)
    }

    /// The address from which a request comes, if that is known.
    pub(crate) fn of(request: &Request) -> Option<IpAddr> {
        request.extensions().get::<ConnectInfo<Self>>().map(|ConnectInfo(peer)| peer.0)
    }
}

impl<L: Listener<Addr = SocketAddr>> Connected<IncomingStream<'_, Telling<L>>> for Peer {
    fn connect_info(connection: IncomingStream<'_, Telling<L>>) -> Self {
        Self(connection.remote_addr().ip())
    }
}
