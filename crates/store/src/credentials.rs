//! API keys and personal access tokens.

use model::name::fold;
use model::{
    Credential, CredentialId, Error, Mode, Principal, PrincipalId, Result, Timestamp, WorkspaceId, Write,
};

use crate::change::Change;
use crate::ledger::Use;
use crate::row::{record, statements};
use crate::select::{Page, Select};
use crate::session::{Listed, Session};

record!(Credential in "credential" {
    id: ["id"], kind: ["kind"], owner: ["principal_id"], organization: ["organization_id"], name: ["name"],
    description: ["description"], is_active: ["is_active"], expires_at: ["expires_at"],
    secret: ["pepper", "secret_hash"], previous: ["previous_pepper", "previous_hash", "previous_until"],
    generation: ["generation"], scope: ["scope"], last_rotated: ["last_rotated"], retain_period_minutes: ["retain_period_minutes"],
    last_used: ["last_used"], last_used_ip: ["last_used_ip"], last_used_user_agent: ["last_used_user_agent"],
    created: ["created"], updated: ["updated"],
} derived {
    "name_key" = |credential| fold(&credential.name).into(),
});

statements! {
    OF_OWNER = select::<Credential>("WHERE principal_id = $1 AND (id = $2 OR name_key = $3)");
    IDS_OF_OWNER = text("SELECT id FROM credential WHERE principal_id = $1");
    DELETE_CREDENTIAL = text("DELETE FROM credential WHERE id = $1 AND principal_id = $2");
    NOTE_USE = text("UPDATE credential SET last_used = $2, last_used_ip = $3, last_used_user_agent = $4 WHERE id = $1 AND (last_used IS NULL OR last_used < $2)");
    NOTE_CONTACT = text("UPDATE workspace SET last_seen = $2 WHERE id = $1 AND (last_seen IS NULL OR last_seen < $2)");
}

impl<M: Mode> Session<M> {
    /// A page of an owner's credentials, by name.
    pub async fn list_credentials(&mut self, owner: &Principal, page: Page) -> Result<Listed<Credential>> {
        let select = Select::<Credential>::new("credential.name_key, credential.id", page)
            .filter("principal_id = ?", owner.id);
        let listed = self.page::<Credential>(select).await?;
        Ok(listed.map(|credential| self.with_latest_use(credential)))
    }

    /// An owner's credential, by id or name.
    pub async fn get_credential(&mut self, owner: &Principal, id_or_name: &str) -> Result<Credential> {
        let id = id_or_name.parse::<CredentialId>().ok();
        let args = vec![owner.id.into(), id.into(), fold(id_or_name).into()];
        let found: Option<Credential> = self.find(&OF_OWNER, args).await?;
        let found = found.ok_or_else(|| Error::not_found("key or token", id_or_name))?;
        Ok(self.with_latest_use(found))
    }

    /// Uses reach the database in batches; what is still in memory here is newer.
    fn with_latest_use(&self, mut credential: Credential) -> Credential {
        let unwritten = self.inner.ledger.latest(credential.id);
        if let Some(latest) =
            unwritten.filter(|latest| credential.last_used.is_none_or(|known| known < latest.at))
        {
            credential.last_used = Some(latest.at);
            credential.last_used_ip = latest.ip;
            credential.last_used_user_agent = latest.user_agent;
        }
        credential
    }
}

impl Session<Write> {
    /// Adds a credential.
    pub async fn insert_credential(&mut self, credential: &Credential) -> Result<()> {
        self.insert(credential).await?;
        self.changed(Change::Credential(credential.id));
        Ok(())
    }

    /// Changes a credential.
    pub async fn update_credential(&mut self, credential: &Credential) -> Result<()> {
        self.update(credential).await?;
        self.changed(Change::Credential(credential.id));
        Ok(())
    }

    /// Deletes a credential.
    pub async fn delete_credential(&mut self, credential: &Credential) -> Result<()> {
        self.execute(&DELETE_CREDENTIAL, vec![credential.id.into(), credential.owner.into()]).await?;
        self.changed(Change::Credential(credential.id));
        Ok(())
    }

    /// Lets the caches forget an owner's credentials, which are about to go with it.
    pub(crate) async fn forget_credentials_of(&mut self, owner: PrincipalId) -> Result<()> {
        for row in self.rows(&IDS_OF_OWNER, vec![owner.into()]).await? {
            self.changed(Change::Credential(row.read()?));
        }
        Ok(())
    }

    pub(crate) async fn write_last_used(&mut self, id: CredentialId, used: &Use) -> Result<()> {
        let args = vec![id.into(), used.at.into(), used.ip.clone().into(), used.user_agent.clone().into()];
        self.execute(&NOTE_USE, args).await.map(|_| ())
    }

    pub(crate) async fn write_last_seen(&mut self, id: WorkspaceId, at: Timestamp) -> Result<()> {
        self.execute(&NOTE_CONTACT, vec![id.into(), at.into()]).await.map(|_| ())
    }
}
