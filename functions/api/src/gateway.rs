//! What the gateway hands over, written as a request has it.
//!
//! An HTTP API decodes the path before it hands it over, and the router decodes it as well: a comma
//! that was written `%252C` would be cut at, and `100%25` be another row. The query comes as it was
//! sent, and that may be anything.

use std::net::IpAddr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;
use smelt_web::Peer;

/// What a query cannot hold. What is encoded in it stays so.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
/// What a path cannot hold, or what means something else in it than itself.
const NOT_IN_PATH: &AsciiSet =
    &NOT_IN_QUERY.add(b'%').add(b'?').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// Encodes the path of an event again, and of its query what cannot be in one.
pub(crate) fn encode(event: &mut Value) {
    for (name, set) in [("rawPath", NOT_IN_PATH), ("rawQueryString", NOT_IN_QUERY)] {
        let Some(Value::String(text)) = event.get_mut(name) else { continue };
        *text = utf8_percent_encode(text, set).to_string();
    }
}

/// From which address the request of an event came, as the gateway saw it.
pub(crate) fn peer(event: &Value) -> Option<Peer> {
    let address = event.pointer("/requestContext/http/sourceIp")?.as_str()?;
    address.parse::<IpAddr>().ok().map(Peer::at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_peer_is_the_one_that_the_gateway_saw() {
        let from = |address: Value| {
            let context = json!({"http": {"method": "GET", "sourceIp": address}});
            peer(
                &json!({"headers": {"x-forwarded-for": "198.51.100.1"}, "requestContext": context}),
            )
        };
        for address in ["203.0.113.7", "2001:db8::1"] {
            assert_eq!(from(json!(address)), Some(Peer::at(address.parse().unwrap())));
        }
        for unknown in [json!("test-invoke-source-ip"), json!(7), Value::Null] {
            assert_eq!(from(unknown), None);
        }
        assert_eq!(peer(&json!({"version": "2.0"})), None);
    }
}
