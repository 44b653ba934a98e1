//! Where a token says which roles its bearer has.

use serde_json::{Map, Value};

use crate::Role;

/// The claim that names roles, and what their names start with there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolesClaim {
    claim: String,
    prefix: String,
}

impl Default for RolesClaim {
    fn default() -> Self {
        Self::new("roles", "")
    }
}

impl RolesClaim {
    /// Roles are in this claim, each with this prefix, such as `smelt:` in `smelt:admin`; the prefix may
    /// be empty. A claim within another one is named with dots (`realm_access.roles`).
    pub fn new(claim: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self { claim: claim.into(), prefix: prefix.into() }
    }

    /// The name of the claim.
    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// A role as the claim names it.
    pub fn written(&self, role: Role) -> String {
        format!("{}{role}", self.prefix)
    }

    /// The highest role among these claims: of a text, of its words (`scope`), or of a list of texts.
    /// Names of roles that are none of ours count for nothing.
    pub(crate) fn highest(&self, claims: &Map<String, Value>) -> Option<Role> {
        match self.value(claims)? {
            Value::String(text) => self.highest_of(text.split_whitespace()),
            Value::Array(list) => self.highest_of(list.iter().filter_map(Value::as_str)),
            _ => None,
        }
    }

    fn highest_of<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<Role> {
        names.filter_map(|name| name.strip_prefix(self.prefix.as_str())?.parse().ok()).max()
    }

    /// Names of claims may contain dots themselves (`https://example.com/roles`).
    fn value<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        claims.get(&self.claim).or_else(|| {
            let mut parts = self.claim.split('.');
            let outermost = claims.get(parts.next()?)?;
            parts.try_fold(outermost, |value, part| value.get(part))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn highest(claim: &RolesClaim, claims: Value) -> Option<Role> {
        claim.highest(claims.as_object().unwrap())
    }

    #[test]
    fn a_text_its_words_and_a_list_name_roles() {
        let roles = RolesClaim::default();
        assert_eq!(highest(&roles, json!({"roles": "reader"})), Some(Role::Reader));
        assert_eq!(highest(&roles, json!({"roles": "openid reader admin"})), Some(Role::Admin));
        assert_eq!(highest(&roles, json!({"roles": ["uploader", "reader"]})), Some(Role::Uploader));
    }

    #[test]
    fn what_is_no_role_counts_for_nothing() {
        let roles = RolesClaim::default();
        for claims in [
            json!({}),
            json!({"roles": null}),
            json!({"roles": 4}),
            json!({"roles": ["root", 7, ["admin"]]}),
            json!({"roles": {"admin": true}}),
            json!({"scope": "admin"}),
        ] {
            assert_eq!(highest(&roles, claims.clone()), None, "{claims}");
        }
    }

    #[test]
    fn a_prefix_is_needed_where_one_is_set() {
        let scope = RolesClaim::new("scope", "smelt:");
        assert_eq!(highest(&scope, json!({"scope": "openid smelt:reader"})), Some(Role::Reader));
        assert_eq!(highest(&scope, json!({"scope": "admin smelt:reader"})), Some(Role::Reader));
        assert_eq!(highest(&scope, json!({"scope": "admin"})), None);
    }

    #[test]
    fn a_claim_may_lie_within_another_or_have_dots_itself() {
        let nested = RolesClaim::new("realm_access.roles", "");
        let claims = json!({"realm_access": {"roles": ["operator"]}});
        assert_eq!(highest(&nested, claims), Some(Role::Operator));
        let address = RolesClaim::new("https://example.com/roles", "");
        let claims = json!({"https://example.com/roles": ["operator"]});
        assert_eq!(highest(&address, claims), Some(Role::Operator));
    }

    proptest! {
        #[test]
        fn a_list_and_its_words_name_the_same_role(
            names in prop::collection::vec("reader|uploader|operator|admin|[a-z]{1,8}", 0..6),
        ) {
            let roles = RolesClaim::default();
            let expected = names.iter().filter_map(|name| name.parse::<Role>().ok()).max();
            prop_assert_eq!(highest(&roles, json!({"roles": names})), expected);
            prop_assert_eq!(highest(&roles, json!({"roles": names.join(" ")})), expected);
        }
    }
}
