//! The facts that decisions rest on, in memory. Filled from the database on demand, kept true by the commit
//! path, bounded in size, never asked for by a query twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::permission::ActionSet;
use model::{
    Assignment, Credential, CredentialFacts, CredentialId, Membership, Organization, OrganizationFacts,
    OrganizationId, Place, Principal, PrincipalId, ProjectId, Resource, Result, Role, RoleId, Shares, TeamId,
    Timestamp, TokenId, Workspace, WorkspaceFacts, WorkspaceId,
};
use parking_lot::RwLock;

use crate::cache::FactCache;
use crate::change::Change;
use crate::db::{Db, Tx};
use crate::keys::ServerKeys;
use crate::row::{Pair, Statement, statements};
use crate::value::Value;

statements! {
    CREDENTIAL = select::<Credential>("WHERE id = $1");
    PRINCIPAL = select::<Principal>("WHERE id = $1");
    MEMBERSHIPS = text("SELECT organization_id FROM membership WHERE principal_id = $1 ORDER BY organization_id");
    ORGANIZATION = select::<Organization>("WHERE id = $1");
    ROLES = select::<Role>("WHERE organization_id = $1");
    WORKSPACE = select::<Workspace>("WHERE id = $1");
    UNCLAIMED = text("SELECT id, created FROM project WHERE workspace_id = $1 AND created_by IS NULL ORDER BY created DESC, id LIMIT 20");
    IS_MEMBER = text("SELECT organization_id FROM membership WHERE organization_id = $1 AND principal_id = $2");
    TEAMS = text("SELECT team.id FROM team_member JOIN team ON team.id = team_member.team_id WHERE team_member.principal_id = $2 AND team.organization_id = $1");
    OWN_ASSIGNMENTS = text("SELECT role_id, workspace_id, project_id, team_id FROM role_assignment WHERE organization_id = $1 AND principal_id = $2");
    TEAM_ASSIGNMENTS = text("SELECT role_id, workspace_id, project_id, team_id FROM role_assignment WHERE organization_id = $1 AND team_id IN (SELECT team_id FROM team_member WHERE principal_id = $2)");
    SHARES = text("SELECT resource, actions FROM resource_grant WHERE workspace_id = $1 AND grantee = $2");
    REVOKED = text("SELECT id, until FROM revoked_token WHERE until > $1");
    ORGANIZATION_BY_NAME = text("SELECT id FROM organization WHERE name_key = $1");
    ORGANIZATION_OF_ROLE = text("SELECT organization_id FROM role WHERE id = $1");
    ORGANIZATION_OF_TEAM = text("SELECT organization_id FROM team WHERE id = $1");
    WORKSPACE_BY_NAME = text("SELECT id FROM workspace WHERE name_key = $1");
}

/// An account and the organizations it belongs to.
#[derive(Debug)]
pub struct PrincipalFacts {
    /// The account.
    pub principal: Principal,
    /// Where it is a member.
    pub organizations: Vec<OrganizationId>,
}

/// An organization and its roles, at one moment.
#[derive(Debug)]
pub struct OrganizationEntry {
    /// What is known of it.
    pub facts: OrganizationFacts,
    /// Tells this reading of the organization from every other: what was read of its members under another
    /// is void.
    epoch: u64,
}

/// A workspace, at one moment.
#[derive(Debug)]
pub struct WorkspaceEntry {
    /// What is known of it.
    pub facts: WorkspaceFacts,
    epoch: u64,
}

/// Something that was read under an entry, good as long as that entry is.
struct Under<V> {
    epoch: u64,
    value: V,
}

type Dependents<A, V> = quick_cache::sync::Cache<(A, PrincipalId), Arc<Under<V>>>;

/// The cache of all facts.
pub struct Facts {
    db: Db,
    credentials: FactCache<CredentialId, CredentialFacts>,
    principals: FactCache<PrincipalId, PrincipalFacts>,
    organizations: FactCache<OrganizationId, OrganizationEntry>,
    workspaces: FactCache<WorkspaceId, WorkspaceEntry>,
    memberships: Dependents<OrganizationId, Option<Arc<Membership>>>,
    /// With the teams that were counted.
    shares: Dependents<WorkspaceId, (Vec<TeamId>, Arc<Shares>)>,
    revoked: RwLock<HashMap<TokenId, Timestamp>>,
    server_keys: RwLock<Arc<ServerKeys>>,
    epochs: AtomicU64,
}

impl Facts {
    pub(crate) fn new(db: Db, server_keys: ServerKeys) -> Self {
        Self {
            db,
            credentials: FactCache::new(100_000),
            principals: FactCache::new(50_000),
            organizations: FactCache::new(5_000),
            workspaces: FactCache::new(20_000),
            memberships: quick_cache::sync::Cache::new(100_000),
            shares: quick_cache::sync::Cache::new(20_000),
            revoked: RwLock::default(),
            server_keys: RwLock::new(Arc::new(server_keys)),
            epochs: AtomicU64::new(0),
        }
    }

    /// A key or token.
    pub async fn credential(&self, id: CredentialId) -> Result<Option<Arc<CredentialFacts>>> {
        let load = || async {
            let row = self.db.read().await?.optional(CREDENTIAL.sql(), vec![id.into()]).await?;
            row.map(|row| row.read::<Credential>().map(|credential| credential.facts())).transpose()
        };
        self.credentials.get(id, load).await
    }

    /// An account.
    pub async fn principal(&self, id: PrincipalId) -> Result<Option<Arc<PrincipalFacts>>> {
        let load = || async {
            let mut tx = self.db.read().await?;
            let Some(row) = tx.optional(PRINCIPAL.sql(), vec![id.into()]).await? else { return Ok(None) };
            let organizations = column(&mut tx, &MEMBERSHIPS, vec![id.into()]).await?;
            Ok(Some(PrincipalFacts { principal: row.read()?, organizations }))
        };
        self.principals.get(id, load).await
    }

    /// An organization with its roles.
    pub async fn organization(&self, id: OrganizationId) -> Result<Option<Arc<OrganizationEntry>>> {
        let load = || async {
            let mut tx = self.db.read().await?;
            let Some(row) = tx.optional(ORGANIZATION.sql(), vec![id.into()]).await? else { return Ok(None) };
            let roles: Vec<Role> = column(&mut tx, &ROLES, vec![id.into()]).await?;
            let roles: HashMap<RoleId, Role> = roles.into_iter().map(|role| (role.id, role)).collect();
            let facts = OrganizationFacts { organization: row.read()?, roles };
            Ok(Some(OrganizationEntry { facts, epoch: self.next_epoch() }))
        };
        self.organizations.get(id, load).await
    }

    /// A workspace.
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Option<Arc<WorkspaceEntry>>> {
        let load = || async {
            let mut tx = self.db.read().await?;
            let row = tx.optional(WORKSPACE.sql(), vec![id.into()]).await?;
            let Some(row) = row else { return Ok(None) };
            let unclaimed = tx.all(UNCLAIMED.sql(), vec![id.into()]).await?;
            let unclaimed: Result<Vec<_>> = unclaimed
                .iter()
                .map(|row| row.read::<Pair<_, _>>().map(|Pair(id, made)| (id, made)))
                .collect();
            let facts = WorkspaceFacts { workspace: row.read()?, unclaimed: unclaimed? };
            Ok(Some(WorkspaceEntry { facts, epoch: self.next_epoch() }))
        };
        self.workspaces.get(id, load).await
    }

    /// An account's place in the organization; none for strangers.
    pub async fn membership(
        &self,
        entry: &OrganizationEntry,
        principal: PrincipalId,
    ) -> Result<Option<Arc<Membership>>> {
        let organization = entry.facts.organization.id;
        let key = (organization, principal);
        if let Some(hit) = self.memberships.get(&key).filter(|hit| hit.epoch == entry.epoch) {
            return Ok(hit.value.clone());
        }
        let value = Box::pin(self.read_membership(organization, principal)).await?.map(Arc::new);
        // Read after the entry: if the entry has been replaced since, nobody will find this again.
        self.memberships.insert(key, Arc::new(Under { epoch: entry.epoch, value: value.clone() }));
        Ok(value)
    }

    async fn read_membership(
        &self,
        organization: OrganizationId,
        principal: PrincipalId,
    ) -> Result<Option<Membership>> {
        read_membership(&mut self.db.read().await?, organization, principal).await
    }

    /// What was shared with an account, or with its teams, in the workspace.
    pub async fn shares(
        &self,
        entry: &WorkspaceEntry,
        principal: PrincipalId,
        teams: &[TeamId],
    ) -> Result<Arc<Shares>> {
        let workspace = entry.facts.workspace.id;
        let key = (workspace, principal);
        let hit = self.shares.get(&key).filter(|hit| hit.epoch == entry.epoch);
        // Who leaves a team loses what was shared with it, and the workspace does not hear of that.
        if let Some(hit) = hit.filter(|hit| hit.value.0 == teams) {
            return Ok(hit.value.1.clone());
        }
        let shares = Arc::new(Box::pin(self.read_shares(workspace, principal, teams)).await?);
        let value = (teams.to_vec(), shares.clone());
        self.shares.insert(key, Arc::new(Under { epoch: entry.epoch, value }));
        Ok(shares)
    }

    async fn read_shares(
        &self,
        workspace: WorkspaceId,
        principal: PrincipalId,
        teams: &[TeamId],
    ) -> Result<Shares> {
        read_shares(&mut self.db.read().await?, workspace, principal, teams).await
    }

    /// The organization of that name, without regard to case.
    pub async fn organization_named(&self, name: &str) -> Result<Option<OrganizationId>> {
        Box::pin(self.id_named(&ORGANIZATION_BY_NAME, name)).await.map(|id| id.map(OrganizationId))
    }

    /// The workspace of that name, without regard to case.
    pub async fn workspace_named(&self, name: &str) -> Result<Option<WorkspaceId>> {
        Box::pin(self.id_named(&WORKSPACE_BY_NAME, name)).await.map(|id| id.map(WorkspaceId))
    }

    /// The organization that a role belongs to.
    pub async fn organization_of_role(&self, role: RoleId) -> Result<Option<OrganizationId>> {
        let row = self.db.read().await?.optional(ORGANIZATION_OF_ROLE.sql(), vec![role.into()]).await?;
        row.map(|row| row.read()).transpose()
    }

    /// The organization that a team belongs to.
    pub async fn organization_of_team(&self, team: TeamId) -> Result<Option<OrganizationId>> {
        let row = self.db.read().await?.optional(ORGANIZATION_OF_TEAM.sql(), vec![team.into()]).await?;
        row.map(|row| row.read()).transpose()
    }

    async fn id_named(&self, statement: &'static Statement, name: &str) -> Result<Option<uuid::Uuid>> {
        let row =
            self.db.read().await?.optional(statement.sql(), vec![model::name::fold(name).into()]).await?;
        row.map(|row| row.read()).transpose()
    }

    /// Whether a token was revoked before its end.
    #[must_use]
    pub fn is_revoked(&self, token: TokenId) -> bool {
        self.revoked.read().contains_key(&token)
    }

    /// The peppers and signing keys.
    #[must_use]
    pub fn server_keys(&self) -> Arc<ServerKeys> {
        self.server_keys.read().clone()
    }

    pub(crate) fn replace_server_keys(&self, keys: ServerKeys) {
        *self.server_keys.write() = Arc::new(keys);
    }

    pub(crate) async fn load_revoked(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.db.read().await?;
        let revoked: Vec<Pair<TokenId, Timestamp>> = column(&mut tx, &REVOKED, vec![now.into()]).await?;
        self.revoked.write().extend(revoked.into_iter().map(|Pair(id, until)| (id, until)));
        Ok(())
    }

    pub(crate) fn drop_expired_tokens(&self, now: Timestamp) {
        self.revoked.write().retain(|_, until| *until > now);
    }

    /// Takes note of a change: what was known of its subject is forgotten.
    pub(crate) fn follow(&self, change: Change) {
        match change {
            Change::Credential(id) => self.credentials.invalidate(&id),
            Change::Principal(id) => self.principals.invalidate(&id),
            Change::Organization(id) => self.organizations.invalidate(&id),
            Change::Workspace(id) => self.workspaces.invalidate(&id),
            Change::Token(id, until) => {
                self.revoked.write().insert(id, until);
            }
            // Reading them again needs the database: whoever heard of it does it.
            Change::ServerKeys => {}
        }
    }

    /// Forgets everything, when it is not known what changed.
    pub(crate) fn forget(&self) {
        self.credentials.clear();
        self.principals.clear();
        self.organizations.clear();
        self.workspaces.clear();
    }

    fn next_epoch(&self) -> u64 {
        self.epochs.fetch_add(1, Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Facts")
    }
}

/// Reads an account's place in an organization.
pub(crate) async fn read_membership(
    tx: &mut Tx,
    organization: OrganizationId,
    principal: PrincipalId,
) -> Result<Option<Membership>> {
    let args = || -> Vec<Value> { vec![organization.into(), principal.into()] };
    if tx.optional(IS_MEMBER.sql(), args()).await?.is_none() {
        return Ok(None);
    }
    let teams: Vec<TeamId> = column(tx, &TEAMS, args()).await?;
    let mut assignments = Vec::new();
    for statement in [&OWN_ASSIGNMENTS, &TEAM_ASSIGNMENTS] {
        for row in tx.all(statement.sql(), args()).await? {
            let (role, workspace, project, via_team) = row.read()?;
            assignments.push(Assignment { role, place: place(workspace, project), via_team });
        }
    }
    Ok(Some(Membership { organization, principal, assignments, teams }))
}

/// Reads what was shared with an account, or with its teams, in a workspace.
pub(crate) async fn read_shares(
    tx: &mut Tx,
    workspace: WorkspaceId,
    principal: PrincipalId,
    teams: &[TeamId],
) -> Result<Shares> {
    let mut shares = Shares::default();
    for grantee in std::iter::once(principal.0).chain(teams.iter().map(|team| team.0)) {
        for row in tx.all(SHARES.sql(), vec![workspace.into(), grantee.into()]).await? {
            let Pair(resource, actions): Pair<String, ActionSet> = row.read()?;
            if let Ok(resource) = Resource::parse(&resource) {
                shares.add(&resource, actions);
            }
        }
    }
    Ok(shares)
}

/// Where an assignment applies, from its columns.
pub(crate) fn place(workspace: Option<WorkspaceId>, project: Option<ProjectId>) -> Place {
    match (workspace, project) {
        (Some(workspace), Some(project)) => Place::Project(workspace, project),
        (Some(workspace), None) => Place::Workspace(workspace),
        _ => Place::Organization,
    }
}

async fn column<T: crate::value::Column>(
    tx: &mut Tx,
    statement: &'static Statement,
    args: Vec<Value>,
) -> Result<Vec<T>> {
    tx.all(statement.sql(), args).await?.iter().map(crate::row::Row::read).collect()
}
