//! One permission language for all levels: a resource type and an action.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant is the wire word it stands for")]
        pub enum $name { $($variant,)* }

        impl $name {
            /// All of them, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Reads the word of the wire.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }

            pub(crate) const fn bit(self) -> u32 { self as u32 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

words! {
    /// What a permission is about. First the types of a workspace (global, then project-scoped), then those of
    /// the control plane. `ServiceAccount` exists on both sides; the level of the role tells which is meant.
    ResourceType {
        Flavor = "flavor",
        Secret = "secret",
        ServiceConnector = "service_connector",
        Stack = "stack",
        StackComponent = "stack_component",
        Tag = "tag",
        ServiceAccount = "service_account",
        Project = "project",
        Artifact = "artifact",
        ArtifactVersion = "artifact_version",
        CodeRepository = "code_repository",
        Model = "model",
        ModelVersion = "model_version",
        Pipeline = "pipeline",
        PipelineRun = "pipeline_run",
        PipelineDeployment = "pipeline_deployment",
        PipelineBuild = "pipeline_build",
        Deployment = "deployment",
        Schedule = "schedule",
        RunTemplate = "run_template",
        Service = "service",
        RunMetadata = "run_metadata",
        Trigger = "trigger",
        Webhook = "webhook",
        Organization = "organization",
        Member = "member",
        Invitation = "invitation",
        Team = "team",
        Role = "role",
        RoleAssignment = "role_assignment",
        ApiKey = "api_key",
        Workspace = "workspace",
        EnrollmentKey = "enrollment_key",
        Billing = "billing",
        Usage = "usage",
        AuditEvent = "audit_event",
        User = "user",
        AccessToken = "access_token",
        Instance = "instance",
    }
}

impl ResourceType {
    /// The types that a workspace keeps outside projects.
    pub const GLOBAL: &'static [Self] = &[
        Self::Flavor,
        Self::Secret,
        Self::ServiceConnector,
        Self::Stack,
        Self::StackComponent,
        Self::Tag,
        Self::ServiceAccount,
        Self::Project,
    ];

    /// Whether entities of the type live in a project of a workspace.
    #[must_use]
    pub const fn is_project_scoped(self) -> bool {
        self.bit() >= Self::Artifact.bit() && self.bit() <= Self::Webhook.bit()
    }

    /// Whether the type belongs to the workspace API.
    #[must_use]
    pub const fn is_of_workspace(self) -> bool {
        self.bit() <= Self::Webhook.bit()
    }

    pub(crate) const fn mask(self) -> u64 {
        1 << self.bit()
    }
}

words! {
    /// What may be done.
    Action {
        Create = "create",
        Read = "read",
        Update = "update",
        Delete = "delete",
        ReadSecretValue = "read_secret_value",
        Prune = "prune",
        Client = "client",
        Promote = "promote",
        BackupRestore = "backup_restore",
        Share = "share",
    }
}

pub(crate) const ACTIONS: usize = Action::ALL.len();

/// A set of actions in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActionSet(u16);

impl ActionSet {
    /// No action.
    pub const NONE: Self = Self(0);
    /// Every action.
    pub const ALL: Self = Self((1 << ACTIONS) - 1);

    /// Adds an action.
    #[must_use]
    pub const fn with(self, action: Action) -> Self {
        Self(self.0 | 1 << action.bit())
    }

    /// Whether it holds the action.
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action.bit()) != 0
    }

    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The actions, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(move |action| self.contains(*action))
    }

    /// The set as stored: one bit an action.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0 as i64
    }

    /// Reads the stored form; unknown bits are dropped.
    #[must_use]
    pub fn from_bits(bits: i64) -> Self {
        Self(u16::try_from(bits & i64::from(Self::ALL.0)).unwrap_or(0))
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        actions.into_iter().fold(Self::NONE, Self::with)
    }
}

/// A right: an action on a resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// On what.
    pub resource: ResourceType,
    /// Which action.
    pub action: Action,
}

impl Permission {
    /// The right to do `action` on `resource`.
    #[must_use]
    pub const fn new(resource: ResourceType, action: Action) -> Self {
        Self { resource, action }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.action)
    }
}
