//! The rules for names and other short texts.

use uuid::Uuid;

use crate::error::{Error, Result};

/// A checked name: as written, and folded for comparison. Both are stored, so that uniqueness without regard
/// to case means the same on every database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Lower case.
    pub key: String,
}

/// The form in which names are compared.
#[must_use]
pub fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

struct Rule {
    longest: usize,
    allowed: fn(char) -> bool,
    allowed_text: &'static str,
}

fn check(field: &str, text: &str, rule: &Rule) -> Result<Name> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > rule.longest {
        let longest = rule.longest;
        return Err(Error::invalid(field, format!("has {length} characters; use 1 to {longest}")));
    }
    if let Some(wrong) = text.chars().find(|c| !(rule.allowed)(*c)) {
        let allowed = rule.allowed_text;
        return Err(Error::invalid(field, format!("has the character {wrong:?}; use only {allowed}")));
    }
    // Paths take an id or a name; a name that reads as an id could shadow another object.
    if Uuid::parse_str(text).is_ok() {
        return Err(Error::invalid(field, "looks like an id (UUID); choose a name"));
    }
    Ok(Name { text: text.to_owned(), key: fold(text) })
}

/// A username: 1–50 of letters, digits and `_ - @ .`, or an e-mail address.
pub fn username(field: &str, text: &str) -> Result<Name> {
    let longest = if text.contains('@') { 254 } else { 50 };
    check(
        field,
        text,
        &Rule {
            longest,
            allowed: |c| c.is_ascii_alphanumeric() || "_-@.+".contains(c),
            allowed_text: "letters, digits and _ - @ . +",
        },
    )
}

/// A workspace's name: 1–50 of letters, digits, hyphen and underscore; it becomes part of URLs.
pub fn workspace(field: &str, text: &str) -> Result<Name> {
    check(
        field,
        text,
        &Rule {
            longest: 50,
            allowed: |c| c.is_ascii_alphanumeric() || "_-".contains(c),
            allowed_text: "letters, digits, - and _",
        },
    )
}

/// An organization's name: 1–50 letters, digits, spaces and `- _ . &`; it becomes part of URLs.
pub fn organization(field: &str, text: &str) -> Result<Name> {
    check(
        field,
        text,
        &Rule {
            longest: 50,
            allowed: |c| c.is_alphanumeric() || " -_.&".contains(c),
            allowed_text: "letters, digits, spaces and - _ . &",
        },
    )
}

/// The name of a key, token, role or team: 1–100 printable characters without `/`.
pub fn label(field: &str, text: &str) -> Result<Name> {
    check(
        field,
        text,
        &Rule {
            longest: 100,
            allowed: |c| !c.is_control() && c != '/',
            allowed_text: "printable characters without /",
        },
    )
}

/// A text for humans of bounded length, without control characters except line breaks.
pub fn text(field: &str, text: &str, longest: usize) -> Result<String> {
    let length = text.chars().count();
    if length > longest {
        return Err(Error::invalid(field, format!("has {length} characters; use at most {longest}")));
    }
    if let Some(wrong) = text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t' && *c != '\r') {
        return Err(Error::invalid(field, format!("has the control character {wrong:?}; remove it")));
    }
    Ok(text.to_owned())
}

/// An e-mail address: something, one `@`, a domain; matched without regard to case.
pub fn email(field: &str, text: &str) -> Result<Name> {
    let trimmed = text.trim();
    let well_formed = trimmed.len() <= 254
        && !trimmed.chars().any(|c| c.is_whitespace() || c.is_control())
        && trimmed.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        });
    if !well_formed {
        return Err(Error::invalid(field, "is not an e-mail address; write it as name@example.com"));
    }
    Ok(Name { text: trimmed.to_owned(), key: fold(trimmed) })
}

/// A password: 8–256 characters (NIST SP 800-63B section 3.1.1: length over composition).
pub fn password(field: &str, text: &str) -> Result<()> {
    let length = text.chars().count();
    if !(8..=256).contains(&length) {
        return Err(Error::invalid(field, "must have 8 to 256 characters"));
    }
    Ok(())
}

/// An absolute `http` or `https` URL, returned without trailing slashes.
pub fn url(field: &str, text: &str) -> Result<String> {
    let trimmed = text.trim().trim_end_matches('/');
    let rest = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://"));
    let well_formed = trimmed.len() <= 2048
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !trimmed.chars().any(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c));
    if !well_formed {
        return Err(Error::invalid(field, "is not an absolute http or https URL"));
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_folded_and_never_ids() {
        assert_eq!(username("username", " Ada.L ").unwrap().key, "ada.l");
        assert!(username("username", "").is_err());
        assert!(username("username", &"a".repeat(51)).is_err());
        assert!(username("username", "ada lovelace").is_err());
        assert!(workspace("name", "0b000000-0000-4000-8000-000000000001").is_err());
        assert!(label("name", "a/b").is_err());
        assert!(label("name", "work laptop (home)").is_ok());
    }

    #[test]
    fn messages_name_the_field_the_problem_and_the_fix() {
        let error = workspace("name", "my ws").unwrap_err();
        assert_eq!(error.message, "name: has the character ' '; use only letters, digits, - and _");
    }

    #[test]
    fn urls_lose_their_trailing_slash() {
        assert_eq!(url("url", "http://h:1/a//").unwrap(), "http://h:1/a");
        assert!(url("url", "ftp://h").is_err());
        assert!(url("url", "http://").is_err());
        assert!(url("url", "javascript:alert(1)").is_err());
    }

    #[test]
    fn emails_need_two_sides() {
        assert_eq!(email("email", "Ada@Example.COM").unwrap().key, "ada@example.com");
        for wrong in ["", "ada", "@x", "a@", "a@b@c", "a b@c"] {
            assert!(email("email", wrong).is_err(), "{wrong}");
        }
    }
}
