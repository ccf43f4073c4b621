//! Reading input: one deserializer for query strings, forms and JSON objects, whose errors name the field.
//!
//! Creating and assigning calls take their arguments as query parameters or as a JSON object with the same
//! names. Texts from a query are read as what the field wants: `True`, `true` and `1` as a boolean, digits as
//! a number.

use std::fmt;

use model::{Error, Result};
use percent_encoding::percent_decode;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// The most fields a query or form may have.
const MOST_FIELDS: usize = 2000;

/// Named values, from a query, a form, a JSON object, or several of these.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, Given)>);

/// A value as it was given.
#[derive(Debug)]
enum Given {
    /// Each time the name stood in a query or form.
    Texts(Vec<String>),
    /// A member of a JSON object.
    Json(Value),
}

impl Fields {
    /// Adds the pairs of a query string or form body (WHATWG URL, `application/x-www-form-urlencoded`).
    pub fn add_pairs(&mut self, text: &[u8]) -> Result<()> {
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            let name = decode(name)?;
            let value = decode(value.get(1..).unwrap_or_default())?;
            match self.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, Given::Texts(texts))) => texts.push(value),
                Some(_) => return Err(twice(&name)),
                None => self.0.push((name, Given::Texts(vec![value]))),
            }
            if self.0.len() > MOST_FIELDS {
                return Err(Error::invalid("query", format!("has more than {MOST_FIELDS} fields")));
            }
        }
        Ok(())
    }

    /// Adds the members of a JSON object. A field that was given already is an error: which one would count?
    pub fn add_json(&mut self, body: &[u8]) -> Result<()> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let Value::Object(members) = read_json(body)? else {
            return Err(Error::invalid("body", "must be a JSON object"));
        };
        for (name, value) in members {
            if self.0.iter().any(|(known, _)| *known == name) {
                return Err(twice(&name));
            }
            self.0.push((name, Given::Json(value)));
        }
        Ok(())
    }

    /// The first text or JSON string of that name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.0.iter().find(|(known, _)| known == name)?.1 {
            Given::Texts(texts) => texts.first().map(String::as_str),
            Given::Json(value) => value.as_str(),
        }
    }

    /// Removes fields whose only text is empty: an empty form field is an absent one.
    pub fn drop_empty(&mut self) {
        self.0
            .retain(|(_, given)| !matches!(given, Given::Texts(texts) if texts.iter().all(String::is_empty)));
    }

    /// Reads them as a type.
    pub fn read<T: DeserializeOwned>(self) -> Result<T> {
        T::deserialize(Reader { rest: self.0.into_iter(), value: None }).map_err(Error::from)
    }
}

/// Reads a whole JSON body as a type.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    if has_escaped_nul(body) {
        return Err(Error::invalid("body", NUL));
    }
    serde_json::from_slice(body)
        .map_err(|error| Error::invalid("body", format!("cannot be read as JSON: {error}")))
}

/// PostgreSQL stores no text with this character in it, and nobody means it.
pub(crate) const NUL: &str = "has a NUL character in it; leave it out";

/// Whether JSON text spells a NUL character. As itself it is not allowed in JSON.
fn has_escaped_nul(json: &[u8]) -> bool {
    const ESCAPED: &[u8] = br"\u0000";
    let mut found = json.windows(ESCAPED.len()).enumerate().filter(|(_, window)| *window == ESCAPED);
    // After a backslash that is itself escaped, these are just letters.
    found.any(|(at, _)| {
        let before = json.get(..at).unwrap_or_default().iter().rev();
        before.take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

fn twice(name: &str) -> Error {
    Error::invalid(name, "is given in the query and in the body; give it once")
}

fn decode(text: &[u8]) -> Result<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    let decoded =
        decoded.map_err(|_| Error::invalid("query", "is not UTF-8 after percent-decoding"))?.into_owned();
    if decoded.contains('\0') { Err(Error::invalid("query", NUL)) } else { Ok(decoded) }
}

/// What went wrong, and in which field.
#[derive(Debug)]
struct Problem {
    field: Option<String>,
    text: String,
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::invalid(problem.field.unwrap_or_else(|| "body".to_owned()), problem.text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self { field: None, text: text.to_string() }
    }
    fn missing_field(field: &'static str) -> Self {
        Self { field: Some(field.to_owned()), text: "is missing".to_owned() }
    }
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let text = format!("is not known here; known are {}", expected.join(", "));
        Self { field: Some(field.chars().take(64).collect()), text }
    }
}

type Rest = std::vec::IntoIter<(String, Given)>;

struct Reader {
    rest: Rest,
    value: Option<(String, Given)>,
}

impl<'de> de::Deserializer<'de> for Reader {
    type Error = Problem;
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_map(self)
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }
    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Reader {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        self.value = self.rest.next();
        let Some((name, _)) = &self.value else { return Ok(None) };
        seed.deserialize(StrDeserializer::<Problem>::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let (name, given) = self.value.take().ok_or_else(|| de::Error::custom("no value"))?;
        let read = match given {
            Given::Json(value) => seed.deserialize(value).map_err(de::Error::custom),
            Given::Texts(texts) => seed.deserialize(Texts(texts)),
        };
        read.map_err(|problem: Problem| Problem {
            field: Some(problem.field.map_or_else(|| name.clone(), |inner| format!("{name}.{inner}"))),
            text: problem.text,
        })
    }
}

/// The texts of one name in a query or form.
struct Texts(Vec<String>);

impl Texts {
    fn one(self) -> Result<String, Problem> {
        let mut texts = self.0.into_iter();
        match (texts.next(), texts.next()) {
            (Some(text), None) => Ok(text),
            _ => Err(de::Error::custom("is given several times; give it once")),
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $kind:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            let text = self.one()?;
            let number: $kind =
                text.parse().map_err(|_| Problem::custom_value(&text, "is not a number that fits here"))?;
            visitor.$visit(number)
        }
    )*};
}

impl Problem {
    fn custom_value(text: &str, problem: &str) -> Self {
        let shown: String = text.chars().take(64).collect();
        Self { field: None, text: format!("'{shown}' {problem}") }
    }
}

impl<'de> de::Deserializer<'de> for Texts {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_string(self.one()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let text = self.one()?;
        match text.as_str() {
            "true" | "True" | "1" => visitor.visit_bool(true),
            "false" | "False" | "0" => visitor.visit_bool(false),
            _ => Err(Problem::custom_value(&text, "is not a boolean; use true or false")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_seq(Each(self.0.into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_enum(IntoDeserializer::<Problem>::into_deserializer(self.one()?))
    }

    numbers! {
        deserialize_i64 visit_i64 i64,
        deserialize_u64 visit_u64 u64,
        deserialize_i32 visit_i32 i32,
        deserialize_u32 visit_u32 u32,
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map
        struct identifier ignored_any
    }
}

struct Each(std::vec::IntoIter<String>);

impl<'de> SeqAccess<'de> for Each {
    type Error = Problem;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        self.0.next().map(|text| seed.deserialize(Texts(vec![text]))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use model::PrincipalId;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        #[serde(default)]
        flag: Option<bool>,
        #[serde(default)]
        count: i64,
        #[serde(default)]
        ids: Vec<PrincipalId>,
    }

    fn read(query: &str, body: &str) -> Result<Sample> {
        let mut fields = Fields::default();
        fields.add_pairs(query.as_bytes())?;
        fields.add_json(body.as_bytes())?;
        fields.read()
    }

    #[test]
    fn query_and_body_mean_the_same() {
        let id = "0b000000-0000-4000-8000-000000000001";
        let one = read(&format!("name=a+b%21&flag=True&count=3&ids={id}"), "").unwrap();
        let two = read("", &format!(r#"{{"name":"a b!","flag":true,"count":3,"ids":["{id}"]}}"#)).unwrap();
        assert_eq!(one, two);
        assert_eq!(read("count=3", r#"{"name":"a"}"#).unwrap().count, 3);
    }

    #[test]
    fn problems_name_the_field() {
        let message = |query: &str, body: &str| read(query, body).unwrap_err().message;
        assert_eq!(message("", "{}"), "name: is missing");
        assert_eq!(message("name=a&flag=perhaps", ""), "flag: 'perhaps' is not a boolean; use true or false");
        assert_eq!(message("name=a&count=x", ""), "count: 'x' is not a number that fits here");
        assert_eq!(message("name=a&name=b", ""), "name: is given several times; give it once");
        assert_eq!(
            message("name=a", r#"{"name":"b"}"#),
            "name: is given in the query and in the body; give it once"
        );
        assert_eq!(message("nome=a", ""), "nome: is not known here; known are name, flag, count, ids");
        assert_eq!(message("", r#"{"name":3}"#), "name: invalid type: integer `3`, expected a string");
        assert_eq!(message("", "[]"), "body: must be a JSON object");
        assert!(message("", "{").starts_with("body: cannot be read as JSON"));
        assert_eq!(message("name=%ff", ""), "query: is not UTF-8 after percent-decoding");
    }

    #[test]
    fn a_nul_character_is_refused_however_it_is_spelled() {
        let message = |query: &str, body: &str| read(query, body).unwrap_err().message;
        assert_eq!(message("name=a%00", ""), "query: has a NUL character in it; leave it out");
        for body in [r#"{"name":"a\u0000"}"#, r#"{"name":"\\\u0000"}"#] {
            assert_eq!(message("", body), "body: has a NUL character in it; leave it out", "{body}");
        }
        assert_eq!(read("", r#"{"name":"\\u0000"}"#).unwrap().name, r"\u0000", "a backslash and letters");
    }
}
