//! Who calls.

use control::bootstrap::FirstStart;
use model::{Organization, Place, Secret, Workspace};
use testkit::{Caller, TestPlatform};

/// Somebody who calls. All but the outsider and the administrator belong to the organization `home`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Actor {
    /// `admin`: a super-user, signed in with the password.
    Admin,
    /// `olga`: Organization Admin.
    OrganizationAdmin,
    /// `mia`: Organization Member and Workspace Admin of `ws-one`.
    Member,
    /// `vera`: Organization Member and Workspace Viewer of `ws-one`.
    Viewer,
    /// `bot`: a service account, Organization Member and Workspace Viewer of `ws-one`, with its key.
    Bot,
    /// The server of `ws-one`.
    Machine,
    /// `otto`: Organization Admin of `elsewhere`.
    Outsider,
    /// Comes with no credential.
    Nobody,
}

/// The people, and what belongs to whom.
pub(crate) struct Cast {
    pub(crate) admin: Caller,
    pub(crate) olga: Caller,
    pub(crate) mia: Caller,
    pub(crate) vera: Caller,
    pub(crate) bot: Caller,
    pub(crate) otto: Caller,
    /// The organization of most of them.
    pub(crate) home: Organization,
    /// The organization of the outsider.
    pub(crate) elsewhere: Organization,
    /// The workspace `ws-one` of `home`.
    pub(crate) workspace: Workspace,
    /// Its enrollment key.
    pub(crate) enrollment_key: Secret,
    machine: Secret,
}

impl Cast {
    pub(super) async fn enter(t: &TestPlatform, started: &FirstStart) -> Self {
        const MEMBER: &str = "Organization Member";
        let admin = t.signed_in(&started.username, &started.password).await;
        let home = t.organization(&admin, "home").await;
        let elsewhere = t.organization(&admin, "elsewhere").await;
        let (workspace, enrollment_key) = t.workspace(&admin, &home, "ws-one").await;
        let olga = t.member(&admin, &home, "olga", "Organization Admin").await;
        let mia = t.member(&admin, &home, "mia", MEMBER).await;
        let vera = t.member(&admin, &home, "vera", MEMBER).await;
        let bot = t.bot(&admin, &home, "bot", MEMBER).await;
        let otto = t.member(&admin, &elsewhere, "otto", "Organization Admin").await;
        let place = Place::Workspace(workspace.id);
        for (caller, role) in
            [(&mia, "Workspace Admin"), (&vera, "Workspace Viewer"), (&bot, "Workspace Viewer")]
        {
            t.assign(&admin, &home, caller.id, place, role).await.expect("cannot assign the role");
        }
        let machine = t.machine(&workspace, &enrollment_key).await.expect("the machine cannot sign in");
        Self { admin, olga, mia, vera, bot, otto, home, elsewhere, workspace, enrollment_key, machine }
    }

    pub(super) fn bearer(&self, actor: Actor) -> Option<&Secret> {
        match actor {
            Actor::Admin => Some(&self.admin.bearer),
            Actor::OrganizationAdmin => Some(&self.olga.bearer),
            Actor::Member => Some(&self.mia.bearer),
            Actor::Viewer => Some(&self.vera.bearer),
            Actor::Bot => Some(&self.bot.bearer),
            Actor::Machine => Some(&self.machine),
            Actor::Outsider => Some(&self.otto.bearer),
            Actor::Nobody => None,
        }
    }

    pub(super) fn bearers(&self) -> impl Iterator<Item = &Secret> {
        let people = [&self.admin, &self.olga, &self.mia, &self.vera, &self.bot, &self.otto];
        people.map(|caller| &caller.bearer).into_iter().chain([&self.machine, &self.enrollment_key])
    }
}
