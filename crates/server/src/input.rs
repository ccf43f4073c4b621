//! What handlers take: each kind of input knows how to read itself and what it looks like.

use control::users::{PasswordChange, UserCreate, UserUpdate, hash_password};
use control::{Authenticated, Platform};
use model::audit::Origin;
use model::{Error, Permit, Read, Result, Secret, SystemReason};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::Page;

use crate::fields::read_json;
use crate::raw::Raw;
use crate::registry::InputShape;

/// An input of an operation. It is read after the caller was allowed and before the session begins, so that
/// slow work, as hashing a password, never holds a transaction open.
pub trait Input: Sized + Send + 'static {
    /// Reads it.
    fn read(
        platform: &Platform,
        raw: &Raw,
        who: Option<&Authenticated>,
    ) -> impl Future<Output = Result<Self>> + Send;
    /// What it looks like.
    fn shape() -> InputShape;
}

/// No input beside the path. An unknown query parameter is an error here too.
#[derive(Debug)]
pub struct Nothing;

/// From the query string.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// From a JSON body, whatever its shape.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// From the query string, from a JSON object, or from both.
#[derive(Debug)]
pub struct Fields<T>(pub T);

/// From a form body (or the same fields as JSON).
#[derive(Debug)]
pub struct Form<T>(pub T);

/// Something with a password in it, and the hash of that.
#[derive(Debug)]
pub struct Hashed<T> {
    /// The input.
    pub input: T,
    /// The hash of its password, if it has one.
    pub hash: Option<String>,
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The fields of a type, in full: query parameters cannot refer to a named schema.
fn fields_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

/// No fields: as a query beside a JSON body, it refuses parameters that nobody reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

impl Input for Nothing {
    async fn read(_: &Platform, raw: &Raw, _: Option<&Authenticated>) -> Result<Self> {
        raw.query_fields()?.read::<NoFields>().map(|NoFields {}| Self)
    }
    fn shape() -> InputShape {
        InputShape::default()
    }
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Input for Query<T> {
    async fn read(_: &Platform, raw: &Raw, _: Option<&Authenticated>) -> Result<Self> {
        raw.query_fields()?.read().map(Self)
    }
    fn shape() -> InputShape {
        InputShape { query: Some(fields_of::<T>), ..InputShape::default() }
    }
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Input for Json<T> {
    async fn read(_: &Platform, raw: &Raw, _: Option<&Authenticated>) -> Result<Self> {
        raw.require_json()?;
        read_json(&raw.body).map(Self)
    }
    fn shape() -> InputShape {
        InputShape { json: Some(schema_of::<T>), ..InputShape::default() }
    }
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Input for Fields<T> {
    async fn read(_: &Platform, raw: &Raw, _: Option<&Authenticated>) -> Result<Self> {
        raw.all_fields()?.read().map(Self)
    }
    fn shape() -> InputShape {
        InputShape {
            query: Some(fields_of::<T>),
            json: Some(schema_of::<T>),
            query_or_json: true,
            ..InputShape::default()
        }
    }
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Input for Form<T> {
    async fn read(_: &Platform, raw: &Raw, _: Option<&Authenticated>) -> Result<Self> {
        raw.form_fields()?.read().map(Self)
    }
    fn shape() -> InputShape {
        InputShape { form: Some(schema_of::<T>), ..InputShape::default() }
    }
}

/// A parameter of the query beside a JSON body.
impl<Q, B> Input for (Query<Q>, Json<B>)
where
    Q: DeserializeOwned + JsonSchema + Send + 'static,
    B: DeserializeOwned + JsonSchema + Send + 'static,
{
    async fn read(platform: &Platform, raw: &Raw, who: Option<&Authenticated>) -> Result<Self> {
        Ok((Query::read(platform, raw, who).await?, Json::read(platform, raw, who).await?))
    }
    fn shape() -> InputShape {
        InputShape { query: Some(fields_of::<Q>), json: Some(schema_of::<B>), ..InputShape::default() }
    }
}

/// What has a password in it.
pub trait HasPassword: DeserializeOwned + JsonSchema + Send + 'static {
    /// The field's name and the password.
    fn password(&self) -> Option<(&'static str, &Secret)>;

    /// Checks what must be right before a password is hashed.
    fn check(&self, _: &Platform, _: Option<&Authenticated>) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

impl HasPassword for UserCreate {
    fn password(&self) -> Option<(&'static str, &Secret)> {
        Some(("password", &self.password))
    }
}

impl HasPassword for UserUpdate {
    fn password(&self) -> Option<(&'static str, &Secret)> {
        self.password.as_ref().map(|password| ("password", password))
    }
}

impl HasPassword for PasswordChange {
    fn password(&self) -> Option<(&'static str, &Secret)> {
        Some(("new_password", &self.new_password))
    }

    async fn check(&self, platform: &Platform, who: Option<&Authenticated>) -> Result<()> {
        let id = who.ok_or_else(|| Error::internal("nobody changes a password"))?.account()?.principal.id;
        let permit = Permit::system(SystemReason::SignIn);
        let mut session = platform.store.begin::<Read>(permit, Origin::default()).await?;
        let stored = session.find_password(id).await?;
        drop(session);
        if platform.passwords.verify(&self.current_password, stored.as_deref()).await? {
            return Ok(());
        }
        Err(Error::invalid("current_password", "is not your password"))
    }
}

impl<T: HasPassword> Input for Hashed<T> {
    async fn read(platform: &Platform, raw: &Raw, who: Option<&Authenticated>) -> Result<Self> {
        let input: T = raw.all_fields()?.read()?;
        input.check(platform, who).await?;
        let hash = match input.password() {
            Some((field, password)) => {
                Some(hash_password(&platform.passwords, platform.env(), field, password).await?)
            }
            None => None,
        };
        Ok(Self { input, hash })
    }
    fn shape() -> InputShape {
        Fields::<T>::shape()
    }
}

/// The page that a list request asks for. Too large limits are cut, not refused.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Rows to skip; 0 if absent.
    #[serde(default)]
    pub offset: Option<i64>,
    /// Rows to return; 100 if absent, 1000 at most.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// The page of an offset and a limit.
pub fn page(offset: Option<i64>, limit: Option<i64>) -> Result<Page> {
    let (offset, limit) = (offset.unwrap_or(0), limit.unwrap_or(100));
    if offset < 0 {
        return Err(Error::invalid("offset", format!("is {offset}; use 0 or more")));
    }
    if limit < 1 {
        return Err(Error::invalid("limit", format!("is {limit}; use 1 to 1000")));
    }
    Ok(Page { offset, limit: limit.min(1000) })
}

impl Paging {
    /// The page.
    pub fn page(self) -> Result<Page> {
        page(self.offset, self.limit)
    }
}
