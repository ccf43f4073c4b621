//! Rights inside a workspace, and who gets in, against a slow and obvious model.

use std::collections::HashMap;

use model::access::{WorkspaceRights, admission};
use model::grants::Grants;
use model::permission::ActionSet;
use model::{
    Access, Action, Admission, Assignment, CredentialScope, Level, Membership, OrganizationFacts,
    OrganizationId, Place, Principal, ProjectId, Resource, ResourceType, RoleId, Shares, Workspace,
    WorkspaceId, WorkspaceState,
};
use proptest::prelude::*;
use uuid::Uuid;

const ROLES: usize = 6;

const KINDS: [&str; 9] = [
    "stack",
    "secret",
    "service_connector",
    "project",
    "pipeline",
    "model",
    "workspace",
    "organization",
    "never_seen",
];

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// One situation: everything that rights follow from.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    is_active: bool,
    is_superuser: bool,
    organization_is_active: bool,
    workspace_is_open: bool,
    /// The level and the patterns of each role.
    roles: Vec<(Level, Vec<String>)>,
    /// Which role, where; none for strangers.
    held: Option<Vec<(usize, Place)>>,
    pub(crate) shares: Vec<(String, Vec<Action>)>,
    /// What the credential leaves.
    scope: Option<Narrowing>,
}

/// What a credential is narrowed to.
#[derive(Debug, Clone)]
struct Narrowing {
    workspaces: Option<Vec<u128>>,
    projects: Option<Vec<u128>>,
    patterns: Option<Vec<String>>,
    read_only: bool,
}

fn narrowings() -> impl Strategy<Value = Narrowing> {
    let list = |of: Vec<u128>| prop::option::weighted(0.3, prop::sample::subsequence(of, 1..=2));
    (list(vec![1, 2]), list(vec![11, 12]), prop::option::of(patterns()), any::<bool>()).prop_map(
        |(workspaces, projects, patterns, read_only)| Narrowing { workspaces, projects, patterns, read_only },
    )
}

impl Narrowing {
    fn scope(&self) -> CredentialScope {
        let ids = |list: &Vec<u128>| list.iter().map(|number| uuid(*number)).collect::<Vec<_>>();
        let patterns = self.patterns.as_ref();
        CredentialScope {
            organizations: None,
            workspaces: self.workspaces.as_ref().map(|list| ids(list).into_iter().map(WorkspaceId).collect()),
            projects: self.projects.as_ref().map(|list| ids(list).into_iter().map(ProjectId).collect()),
            permissions: patterns.map(|p| Grants::parse("p", p.iter().map(String::as_str)).unwrap()),
            read_only: self.read_only,
        }
    }

    fn reaches(&self) -> bool {
        self.workspaces.as_ref().is_none_or(|list| list.contains(&1))
    }

    /// Whether it leaves the action on the resource of the workspace.
    fn leaves(&self, resource: &Resource<'_>, action: Action) -> bool {
        let concerned = if resource.kind == "project" { resource.id } else { resource.project.map(|p| p.0) };
        let in_project = self
            .projects
            .as_ref()
            .is_none_or(|list| concerned.is_some_and(|id| list.iter().any(|number| uuid(*number) == id)));
        let orients =
            action == Action::Read && ["project", "workspace", "organization"].contains(&resource.kind);
        let listed = self.patterns.as_ref().is_none_or(|p| Case::grants(p, resource.kind, action));
        self.reaches() && in_project && (orients || (listed && (!self.read_only || action == Action::Read)))
    }
}

fn kinds() -> impl Strategy<Value = &'static str> {
    prop::sample::select(KINDS.to_vec())
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    let kinds = prop_oneof![4 => kinds(), 1 => Just("*")];
    let actions = prop_oneof![
        4 => prop::sample::select(vec!["read", "create", "client", "update"]),
        1 => Just("*"),
    ];
    let pattern = (kinds, actions).prop_map(|(kind, action)| format!("{kind}:{action}"));
    prop_oneof![9 => prop::collection::vec(pattern, 0..4), 1 => Just(vec!["*:*".to_owned()])]
}

fn levels() -> impl Strategy<Value = Level> {
    prop::sample::select(vec![Level::Organization, Level::Workspace, Level::Project])
}

fn places() -> impl Strategy<Value = Place> {
    let (shop, other) = (WorkspaceId(uuid(1)), WorkspaceId(uuid(2)));
    let project = |number| ProjectId(uuid(number));
    prop::sample::select(vec![
        Place::Organization,
        Place::Workspace(shop),
        Place::Workspace(other),
        Place::Project(shop, project(11)),
        Place::Project(shop, project(12)),
        Place::Project(other, project(11)),
    ])
}

/// All that can be asked about.
pub(crate) fn all_resources() -> &'static [String] {
    static ALL: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let projects = [None, Some(11), Some(12), Some(13)];
        let ids = [None, Some(11), Some(21)];
        let mut all = Vec::new();
        for (project, kind) in projects.iter().flat_map(|project| KINDS.map(|kind| (project, kind))) {
            for id in ids {
                let project = project.map_or(String::new(), |id| format!("{}:", uuid(id)));
                let id = id.map_or(String::new(), |id| format!("/{}", uuid(id)));
                all.push(format!("{project}{kind}{id}"));
            }
        }
        all
    })
}

fn resources() -> impl Strategy<Value = String> {
    prop::sample::select(all_resources())
}

fn actions() -> impl Strategy<Value = Action> {
    prop::sample::select(Action::ALL.to_vec())
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let mostly = || prop::bool::weighted(0.9);
    let held = prop::option::weighted(0.9, prop::collection::vec((0..ROLES, places()), 0..6));
    let shared = prop::collection::vec((resources(), prop::collection::vec(actions(), 0..3)), 0..3);
    (
        (mostly(), prop::bool::weighted(0.1), mostly(), mostly()),
        prop::collection::vec((levels(), patterns()), ROLES),
        held,
        shared,
        prop::option::of(narrowings()),
    )
        .prop_map(|(flags, roles, held, shares, scope)| Case {
            is_active: flags.0,
            is_superuser: flags.1,
            organization_is_active: flags.2,
            workspace_is_open: flags.3,
            roles,
            held,
            shares,
            scope,
        })
}

impl Case {
    /// The roles that count: those that stand where their level belongs.
    fn counting(&self) -> impl Iterator<Item = (&[String], Place)> {
        let held = self.held.iter().flatten().map(|(role, place)| (&self.roles[*role], *place));
        held.filter(|((level, _), place)| *level == place.level())
            .map(|((_, p), place)| (p.as_slice(), place))
    }

    fn grants(patterns: &[String], kind: &str, action: Action) -> bool {
        patterns.iter().any(|pattern| {
            let (of, what) = pattern.split_once(':').unwrap();
            (of == "*" || of == kind) && (what == "*" || what == action.as_str())
        })
    }

    fn in_organization(&self, kind: &str, action: Action) -> bool {
        self.counting()
            .any(|(patterns, place)| place == Place::Organization && Self::grants(patterns, kind, action))
    }

    /// Whether the roles of the organization together leave nothing out, not even what nobody heard of.
    fn is_administrator(&self) -> bool {
        let kinds = ResourceType::ALL.iter().map(|kind| kind.as_str()).chain(["a_type_of_tomorrow"]);
        kinds.into_iter().all(|kind| Action::ALL.iter().all(|action| self.in_organization(kind, *action)))
    }

    fn is_live(&self) -> bool {
        self.is_active && self.workspace_is_open && (self.is_superuser || self.organization_is_active)
    }

    fn shared(&self, resource: &str, action: Action) -> bool {
        let mut given = self.shares.iter().filter(|(of, _)| of == resource).flat_map(|(_, actions)| actions);
        let kind = Resource::parse(resource).unwrap().kind;
        resource.contains('/')
            && given.any(|is| {
                let useful = matches!(is, Action::Read | Action::Update);
                *is == action
                    || (useful && kind == "secret" && action == Action::ReadSecretValue)
                    || (useful && kind == "service_connector" && action == Action::Client)
            })
    }

    /// Section 5.4 of the interface's description, word for word.
    pub(crate) fn allows(&self, text: &str, action: Action) -> bool {
        let resource = Resource::parse(text).unwrap();
        if !self.is_live() || !self.scope.as_ref().is_none_or(|scope| scope.leaves(&resource, action)) {
            return false;
        }
        let by_role = self.counting().any(|(patterns, place)| {
            let reaches = match place {
                Place::Organization => false,
                Place::Workspace(at) => at == WorkspaceId(uuid(1)),
                Place::Project(at, project) => {
                    let concerned = if resource.kind == "project" {
                        resource.id.map(ProjectId)
                    } else {
                        resource.project
                    };
                    let is_of_projects = match ResourceType::parse(resource.kind) {
                        Some(kind) => kind.is_project_scoped() || kind == ResourceType::Project,
                        None => true,
                    };
                    at == WorkspaceId(uuid(1)) && concerned == Some(project) && is_of_projects
                }
            };
            reaches && Self::grants(patterns, resource.kind, action)
        });
        self.is_superuser || self.is_administrator() || by_role || self.shared(text, action)
    }

    fn has_shares(&self) -> bool {
        self.shares.iter().any(|(resource, _)| resource.contains('/'))
    }

    /// Section 3.5.
    fn admission(&self) -> Admission {
        let somewhere_in_it =
            self.held.iter().flatten().any(|(_, place)| place.workspace() == Some(WorkspaceId(uuid(1))));
        if !self.is_active || self.scope.as_ref().is_some_and(|scope| !scope.reaches()) {
            Admission::None
        } else if self.is_superuser {
            Admission::Member
        } else if !self.organization_is_active {
            Admission::None
        } else if self.in_organization("workspace", Action::Client) || somewhere_in_it {
            Admission::Member
        } else if self.has_shares() {
            Admission::Implicit
        } else if self.in_organization("workspace", Action::Read) {
            Admission::Visible
        } else {
            Admission::None
        }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&Access<'_>, &Workspace, &Shares) -> T) -> T {
        let home = OrganizationId(uuid(3));
        let principal = Principal {
            is_active: self.is_active,
            is_superuser: self.is_superuser,
            ..testkit::principal(4, "ada", None)
        };
        let mut organization = testkit::organization(3, "home");
        organization.is_active = self.organization_is_active;
        let mut roles = HashMap::new();
        for (number, (level, patterns)) in (100..).zip(&self.roles) {
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
            roles.insert(RoleId(uuid(number)), testkit::role(number, home, *level, "r", &patterns));
        }
        let facts = OrganizationFacts { organization, roles };
        let membership = self.held.as_ref().map(|held| Membership {
            organization: home,
            principal: principal.id,
            assignments: held
                .iter()
                .map(|(role, place)| Assignment {
                    role: RoleId(uuid(100 + *role as u128)),
                    place: *place,
                    via_team: None,
                })
                .collect(),
            teams: Vec::new(),
        });
        let mut workspace = testkit::workspace(1, home, "shop");
        if !self.workspace_is_open {
            workspace.status = WorkspaceState::Deactivated;
        }
        let mut shares = Shares::default();
        for (resource, actions) in &self.shares {
            let actions: ActionSet = actions.iter().copied().collect();
            shares.add(&Resource::parse(resource).unwrap(), actions);
        }
        let scope = self.scope.as_ref().map(Narrowing::scope);
        let access = Access {
            principal: &principal,
            organization: &facts,
            membership: membership.as_ref(),
            scope: scope.as_ref(),
        };
        look(&access, &workspace, &shares)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// All resources and actions of 1,000 situations: more than a million checks.
    #[test]
    fn rights_are_what_the_model_says(case in cases()) {
        case.with(|access, workspace, shares| {
            let none = Shares::default();
            let rights = WorkspaceRights::new(access, workspace, shares, &none);
            for text in all_resources() {
                let resource = Resource::parse(text).unwrap();
                for action in Action::ALL {
                    let allowed = rights.allows(&resource, *action);
                    prop_assert_eq!(allowed, case.allows(text, *action), "{} {}", text, action);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_scope_only_takes_away(case in cases(), narrowing in narrowings()) {
        let before = Case { scope: None, ..case.clone() };
        let narrowed = Case { scope: Some(narrowing.clone()), ..case };
        let all = |case: &Case| case.with(|access, workspace, shares| {
            let none = Shares::default();
            let rights = WorkspaceRights::new(access, workspace, shares, &none);
            let asked = all_resources().iter().flat_map(|text| Action::ALL.iter().map(move |a| (text, *a)));
            asked.map(|(text, action)| rights.allows(&Resource::parse(text).unwrap(), action)).collect::<Vec<_>>()
        });
        prop_assert!(all(&before).iter().zip(all(&narrowed)).all(|(before, after)| *before || !after));
        let scope = narrowing.scope();
        before.with(|access, _, _| {
            let narrowed = Access { scope: Some(&scope), ..*access };
            for place in [Place::Organization, Place::Workspace(WorkspaceId(uuid(1)))] {
                prop_assert!(access.at(place).covers(&narrowed.at(place)));
            }
            Ok(())
        })?;
    }

    #[test]
    fn lists_and_single_answers_agree(case in cases(), text in resources(), action in actions()) {
        let asked = Resource { id: None, ..Resource::parse(&text).unwrap() };
        case.with(|access, workspace, shares| {
            let none = Shares::default();
            let rights = WorkspaceRights::new(access, workspace, shares, &none);
            let listed = rights.allowed_ids(&asked, action);
            for id in [11, 12, 21, 99].map(uuid) {
                let single = rights.allows(&Resource { id: Some(id), ..asked }, action);
                let in_list = listed.as_ref().is_none_or(|ids| ids.contains(&id));
                prop_assert_eq!(single, in_list, "{} {}", asked, id);
            }
            Ok(())
        })?;
    }

    #[test]
    fn admission_is_what_the_model_says(case in cases()) {
        let found = case.with(|access, workspace, shares| admission(access, workspace, !shares.is_empty()));
        prop_assert_eq!(found, case.admission());
    }

    #[test]
    fn another_role_or_share_never_takes_a_right_away(
        case in cases(), role in 0..ROLES, place in places(), text in resources(), action in actions()
    ) {
        let mut more = case.clone();
        if let Some(held) = &mut more.held {
            held.push((role, place));
        }
        more.shares.push((text.clone(), vec![Action::Delete]));
        prop_assert!(!case.allows(&text, action) || more.allows(&text, action));
        let allows = |case: &Case| case.with(|access, workspace, shares| {
            let none = Shares::default();
            let rights = WorkspaceRights::new(access, workspace, shares, &none);
            rights.allows(&Resource::parse(&text).unwrap(), action)
        });
        prop_assert!(!allows(&case) || allows(&more));
    }

    #[test]
    fn whoever_may_grant_a_role_gains_nothing_by_holding_it(case in cases(), role in 0..ROLES, place in places()) {
        case.with(|access, _, _| {
            let role = &access.organization.roles[&RoleId(uuid(100 + role as u128))];
            if role.level == place.level() && access.may_grant(role, place) {
                for pattern in role.grants.patterns() {
                    let (kind, action) = pattern.split_once(':').unwrap();
                    let action = Action::parse(action).unwrap_or(Action::Read);
                    let kind = if kind == "*" { "never_seen" } else { kind };
                    prop_assert!(access.at(place).allows_word(kind, action), "{}", pattern);
                }
            }
            Ok(())
        })?;
    }
}
