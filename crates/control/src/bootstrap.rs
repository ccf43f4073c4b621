//! The first start: a super-user, an organization, and a token to begin with.

use model::audit::Origin;
use model::{Error, Permit, PrincipalKind, Result, Secret, SystemReason, Write, name};

use crate::credentials::CredentialCreate;
use crate::organizations::OrganizationCreate;
use crate::scopes::GrantedScope;
use crate::{Platform, audit, credentials, organizations, users};

/// The username of the reserved administrator.
pub const ADMIN: &str = "admin";
/// The organization that a quick start makes.
pub const ORGANIZATION: &str = "default";
/// The name of the first token.
pub const TOKEN: &str = "quickstart";

/// What a first start made. The secrets are here and nowhere else.
#[derive(Debug)]
pub struct FirstStart {
    /// The reserved administrator's username.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// Its first personal access token.
    pub token: Secret,
    /// The organization it made.
    pub organization: model::Organization,
}

impl Platform {
    /// Whether this installation has nobody in it yet.
    pub async fn is_empty(&self) -> Result<bool> {
        let permit = Permit::system(SystemReason::Bootstrap);
        let mut session = self.store.begin::<model::Read>(permit, Origin::default()).await?;
        Ok(session.find_login(ADMIN).await?.is_none() && session.count_people().await? == 0)
    }

    /// Makes the reserved administrator with that password, which is not shown anywhere.
    pub async fn create_admin(&self, password: &Secret) -> Result<()> {
        let hash = users::hash_password(&self.passwords, self.env(), "password", password).await?;
        let mut session =
            self.store.begin::<Write>(Permit::system(SystemReason::Bootstrap), origin()).await?;
        insert_admin(&mut session, &hash).await?;
        session.commit().await
    }

    /// Makes the reserved administrator, an organization and a token. Only on an empty installation.
    pub async fn first_start(&self) -> Result<FirstStart> {
        let env = self.env().clone();
        let password = generate_password(&env);
        let hash = users::hash_password(&self.passwords, &env, "password", &password).await?;
        let mut session =
            self.store.begin::<Write>(Permit::system(SystemReason::Bootstrap), origin()).await?;
        if session.find_login(ADMIN).await?.is_some() {
            return Err(Error::exists("This installation has been started before."));
        }
        let admin = insert_admin(&mut session, &hash).await?;
        let input = OrganizationCreate {
            name: ORGANIZATION.to_owned(),
            description: None,
            logo_url: None,
            owner_id: None,
        };
        let organization = organizations::create(&mut session, &admin, input).await?;
        let input = CredentialCreate { name: TOKEN.to_owned(), ..Default::default() };
        let shown = credentials::create(&mut session, &admin, input, &GrantedScope::unlimited()).await?;
        session.commit().await?;
        Ok(FirstStart { username: admin.username, password, token: shown.key, organization })
    }
}

fn origin() -> Origin {
    Origin { request_id: "bootstrap".to_owned(), ..Origin::default() }
}

async fn insert_admin(session: &mut store::Session<Write>, hash: &str) -> Result<model::Principal> {
    let env = session.env().clone();
    let username = name::username("username", ADMIN)?.text;
    let mut admin = users::blank(env.id(), PrincipalKind::User, username, env.now());
    admin.is_superuser = true;
    admin.is_reserved = true;
    admin.has_password = true;
    admin.name = Some("Administrator".to_owned());
    session.insert_principal(&admin).await?;
    session.set_password(admin.id, hash).await?;
    session.record(audit::created("user.created", &admin));
    Ok(admin)
}

/// A password that can be read aloud: 20 characters of an alphabet without look-alikes, about 98 bits.
#[must_use]
pub fn generate_password(env: &model::Env) -> Secret {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyzACDEFGH23";
    let mut text = String::with_capacity(24);
    for (index, byte) in env.bytes::<20>().iter().enumerate() {
        if index > 0 && index % 5 == 0 {
            text.push('-');
        }
        text.push(ALPHABET.get(usize::from(byte & 31)).map_or('x', |letter| char::from(*letter)));
    }
    Secret::new(text)
}

impl Platform {
    /// The organization that a quick start made, or the first by name.
    pub async fn first_organization(&self) -> Result<Option<(model::OrganizationId, String)>> {
        let permit = Permit::system(SystemReason::Bootstrap);
        let mut session = self.store.begin::<model::Read>(permit, Origin::default()).await?;
        let page = store::Page { offset: 0, limit: 1000 };
        let listed = session.list_organizations(store::OrganizationFilter::default(), page).await?.rows;
        let chosen = listed.iter().find(|found| found.name == ORGANIZATION).or(listed.first());
        Ok(chosen.map(|found| (found.id, found.name.clone())))
    }

    /// Makes a new signing key when the newest is older than `minutes`, and removes those that have not signed
    /// for `grace` minutes.
    pub async fn renew_signing_key(&self, minutes: i64, grace: i64) -> Result<()> {
        let now = self.now();
        let keys = self.store.server_keys();
        let is_old = keys.signing.iter().all(|key| key.created.plus_minutes(minutes) <= now);
        let mut session =
            self.store.begin::<Write>(Permit::system(SystemReason::Maintenance), origin()).await?;
        let retired = session.retire_signing_keys(now.plus_minutes(-grace)).await?;
        if is_old {
            session.rotate_signing_key().await?;
        }
        if is_old || retired > 0 { session.commit().await } else { Ok(()) }
    }
}
