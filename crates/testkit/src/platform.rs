//! A platform of one's own, and the way a request takes through it.

use std::sync::Arc;

use control::{Authenticated, Passwords, Platform, Standing, TargetRef, authorize};
use model::{Action, Permission, ResourceType, Result, Secret, Write};
use store::{Session, WorkspaceEntry};

use crate::{TestClock, TestStore, origin};

/// A platform with nothing in it, over a store of its own.
#[derive(Debug)]
pub struct TestPlatform {
    /// The platform.
    pub platform: Platform,
    /// Its store.
    pub store: TestStore,
    /// Its clock.
    pub clock: TestClock,
}

impl std::ops::Deref for TestPlatform {
    type Target = Platform;
    fn deref(&self) -> &Platform {
        &self.platform
    }
}

/// What was looked up on the way to a permit.
#[derive(Debug)]
pub struct Scene {
    /// The caller.
    pub who: Authenticated,
    standing: Option<Standing>,
    workspace: Option<Arc<WorkspaceEntry>>,
}

impl Scene {
    /// The caller in the organization concerned.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        self.standing.as_ref().expect("the target names no organization")
    }

    /// The workspace concerned.
    #[must_use]
    pub fn workspace(&self) -> &Arc<WorkspaceEntry> {
        self.workspace.as_ref().expect("the target names no workspace")
    }
}

impl TestPlatform {
    /// A platform as it is before its first start.
    pub async fn new() -> Self {
        let store = TestStore::new().await;
        // The least that Argon2 allows: the tests are about who may sign in, not about the cost of guessing.
        let passwords = Passwords::with_cost(store.env(), 8, 1).expect("cannot prepare hashing");
        let issuer = "https://claviger.test/api/v1".to_owned();
        let platform = Platform::new(store.store.clone(), issuer, passwords);
        let clock = store.clock.clone();
        Self { platform, store, clock }
    }

    /// Does what the gate does for a request that changes something: authenticate, authorize, work, commit.
    pub async fn act<T>(
        &self,
        bearer: &Secret,
        needs: (ResourceType, Action),
        target: TargetRef,
        work: impl AsyncFnOnce(&mut Session<Write>, &Scene) -> Result<T>,
    ) -> Result<T> {
        let who = self.platform.authenticate(bearer.expose()).await?;
        let permission = Permission::new(needs.0, needs.1);
        let authorized = authorize::<Write>(&self.platform, &who, permission, target).await?;
        let scene = Scene { who, standing: authorized.standing, workspace: authorized.workspace };
        let mut session = self.platform.store.begin(authorized.permit, origin()).await?;
        let done = work(&mut session, &scene).await?;
        session.commit().await?;
        Ok(done)
    }
}
