-- One text for both databases: {uuid} {time} {int} {bool} {bytes} {json} {key} {strict} are filled in by dialect.rs.
-- {key} is text that is compared byte for byte: for names in their folded form, and for ranges.

CREATE TABLE server_key (
    id          {uuid} PRIMARY KEY,
    purpose     TEXT NOT NULL CHECK (purpose IN ('signing', 'pepper')),
    version     {int} NOT NULL,
    sealed      {bytes} NOT NULL,
    created     {time} NOT NULL,
    CONSTRAINT server_key_version UNIQUE (purpose, version)
){strict};

CREATE TABLE change_clock (
    id          {int} PRIMARY KEY CHECK (id = 1),
    seq         {int} NOT NULL
){strict};
INSERT INTO change_clock (id, seq) VALUES (1, 0);

CREATE TABLE change_log (
    seq         {int} PRIMARY KEY,
    node        {uuid} NOT NULL,
    kind        TEXT NOT NULL,
    subject     {uuid} NOT NULL,
    until       {time} NOT NULL,
    at          {time} NOT NULL
){strict};
CREATE INDEX change_log_at ON change_log (at);

CREATE TABLE audit_head (
    chain       {uuid} PRIMARY KEY,
    seq         {int} NOT NULL,
    hash        {bytes} NOT NULL
){strict};

CREATE TABLE audit_event (
    id          {uuid} PRIMARY KEY,
    chain       {uuid} NOT NULL,
    seq         {int} NOT NULL,
    at          {time} NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    {uuid} NOT NULL,
    actor_name  TEXT NOT NULL,
    credential_id {uuid},
    action      TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id   {uuid} NOT NULL,
    target_name TEXT NOT NULL,
    before_text TEXT,
    after_text  TEXT,
    request_id  TEXT NOT NULL,
    ip          TEXT,
    user_agent  TEXT,
    previous_hash {bytes} NOT NULL,
    hash        {bytes} NOT NULL,
    CONSTRAINT audit_event_place UNIQUE (chain, seq)
){strict};

CREATE TABLE organization (
    id          {uuid} PRIMARY KEY,
    name        TEXT NOT NULL,
    name_key    {key} NOT NULL,
    description TEXT,
    logo_url    TEXT,
    owner_id    {uuid},
    is_active   {bool} NOT NULL,
    settings    {json} NOT NULL,
    created     {time} NOT NULL,
    updated     {time} NOT NULL,
    CONSTRAINT organization_name UNIQUE (name_key)
){strict};

-- Usernames are never used again by another principal: workspace servers adopt accounts by name.
CREATE TABLE username (
    kind         TEXT NOT NULL,
    name_key     {key} NOT NULL,
    principal_id {uuid} NOT NULL,
    CONSTRAINT username_once PRIMARY KEY (kind, name_key)
){strict};

CREATE TABLE principal (
    id          {uuid} PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('user', 'service_account')),
    organization_id {uuid} REFERENCES organization (id) ON DELETE CASCADE,
    username    TEXT NOT NULL,
    username_key {key} NOT NULL,
    email       TEXT,
    email_key   {key},
    name        TEXT,
    description TEXT,
    avatar_url  TEXT,
    company     TEXT,
    job_title   TEXT,
    metadata    {json} NOT NULL,
    is_active   {bool} NOT NULL,
    is_superuser {bool} NOT NULL,
    is_reserved {bool} NOT NULL,
    has_password {bool} NOT NULL,
    password_expired {bool} NOT NULL,
    is_onboarded {bool} NOT NULL,
    tokens_valid_after {time} NOT NULL,
    created     {time} NOT NULL,
    updated     {time} NOT NULL,
    CONSTRAINT principal_username UNIQUE (kind, username_key),
    CHECK ((kind = 'service_account') = (organization_id IS NOT NULL))
){strict};
CREATE INDEX principal_organization ON principal (organization_id, username_key);
CREATE UNIQUE INDEX principal_email ON principal (email_key) WHERE email_key IS NOT NULL AND kind = 'user';

CREATE TABLE password (
    principal_id {uuid} PRIMARY KEY REFERENCES principal (id) ON DELETE CASCADE,
    hash        TEXT NOT NULL,
    updated     {time} NOT NULL
){strict};

CREATE TABLE membership (
    organization_id {uuid} NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    principal_id {uuid} NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    created     {time} NOT NULL,
    CONSTRAINT membership_once PRIMARY KEY (organization_id, principal_id)
){strict};
CREATE INDEX membership_principal ON membership (principal_id);

CREATE TABLE team (
    id          {uuid} PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    name_key    {key} NOT NULL,
    description TEXT,
    created     {time} NOT NULL,
    updated     {time} NOT NULL,
    CONSTRAINT team_name UNIQUE (organization_id, name_key)
){strict};

CREATE TABLE team_member (
    team_id     {uuid} NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    principal_id {uuid} NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    created     {time} NOT NULL,
    CONSTRAINT team_member_once PRIMARY KEY (team_id, principal_id)
){strict};
CREATE INDEX team_member_principal ON team_member (principal_id);

CREATE TABLE workspace (
    id          {uuid} PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    name_key    {key} NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT,
    logo_url    TEXT,
    owner_id    {uuid},
    is_managed  {bool} NOT NULL,
    desired_state TEXT NOT NULL,
    status      TEXT NOT NULL,
    state_reason TEXT NOT NULL,
    status_updated {time} NOT NULL,
    server_url  TEXT,
    server_version TEXT,
    last_seen   {time},
    enrollment_pepper {int},
    enrollment_hash {bytes},
    enrollment_generation {int} NOT NULL,
    created     {time} NOT NULL,
    updated     {time} NOT NULL,
    CONSTRAINT workspace_name UNIQUE (name_key)
){strict};
CREATE INDEX workspace_organization ON workspace (organization_id, name_key);
CREATE UNIQUE INDEX workspace_server_url ON workspace (server_url) WHERE server_url IS NOT NULL;

CREATE TABLE project (
    workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    id          {uuid} NOT NULL,
    created_by  {uuid},
    created     {time} NOT NULL,
    CONSTRAINT project_once PRIMARY KEY (workspace_id, id)
){strict};

CREATE TABLE role (
    id          {uuid} PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    level       TEXT NOT NULL CHECK (level IN ('organization', 'workspace', 'project')),
    name        TEXT NOT NULL,
    name_key    {key} NOT NULL,
    description TEXT NOT NULL,
    system_managed {bool} NOT NULL,
    permissions {json} NOT NULL,
    created     {time} NOT NULL,
    updated     {time} NOT NULL,
    CONSTRAINT role_name UNIQUE (organization_id, level, name_key)
){strict};

CREATE TABLE role_assignment (
    id          {uuid} PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    role_id     {uuid} NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    principal_id {uuid} REFERENCES principal (id) ON DELETE CASCADE,
    team_id     {uuid} REFERENCES team (id) ON DELETE CASCADE,
    invitation_id {uuid},
    workspace_id {uuid} REFERENCES workspace (id) ON DELETE CASCADE,
    project_id  {uuid},
    created     {time} NOT NULL,
    CHECK ((principal_id IS NOT NULL AND team_id IS NULL AND invitation_id IS NULL)
        OR (principal_id IS NULL AND team_id IS NOT NULL AND invitation_id IS NULL)
        OR (principal_id IS NULL AND team_id IS NULL AND invitation_id IS NOT NULL)),
    CHECK (project_id IS NULL OR workspace_id IS NOT NULL)
){strict};
-- The role's own id stands in for an absent workspace or project: it is neither.
CREATE UNIQUE INDEX role_assignment_once ON role_assignment
    (role_id, COALESCE(principal_id, team_id, invitation_id), COALESCE(workspace_id, role_id), COALESCE(project_id, role_id));
CREATE INDEX role_assignment_principal ON role_assignment (principal_id, organization_id);
CREATE INDEX role_assignment_team ON role_assignment (team_id, organization_id);
CREATE INDEX role_assignment_organization ON role_assignment (organization_id, workspace_id);
CREATE INDEX role_assignment_workspace ON role_assignment (workspace_id, project_id);

CREATE TABLE resource_grant (
    workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    grantee     {uuid} NOT NULL,
    is_team     {bool} NOT NULL,
    resource    {key} NOT NULL,
    actions     {int} NOT NULL,
    created     {time} NOT NULL,
    CONSTRAINT resource_grant_once PRIMARY KEY (workspace_id, grantee, resource)
){strict};
CREATE INDEX resource_grant_resource ON resource_grant (workspace_id, resource);
CREATE INDEX resource_grant_grantee ON resource_grant (grantee, workspace_id);

CREATE TABLE credential (
    id          {uuid} PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('api_key', 'personal_access_token')),
    principal_id {uuid} NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    organization_id {uuid},
    name        TEXT NOT NULL,
    name_key    {key} NOT NULL,
    description TEXT,
    is_active   {bool} NOT NULL,
    expires_at  {time},
    pepper      {int} NOT NULL,
    secret_hash {bytes} NOT NULL,
    previous_pepper {int},
    previous_hash {bytes},
    previous_until {time},
    generation  {int} NOT NULL,
    last_rotated {time},
    retain_period_minutes {int} NOT NULL,
    last_used   {time},
    last_used_ip TEXT,
    last_used_user_agent TEXT,
    created     {time} NOT NULL,
    updated     {time} NOT NULL,
    CONSTRAINT credential_name UNIQUE (principal_id, name_key)
){strict};

CREATE TABLE revoked_token (
    id          {uuid} PRIMARY KEY,
    until       {time} NOT NULL
){strict};
CREATE INDEX revoked_token_until ON revoked_token (until);

CREATE TABLE entitlement (
    organization_id {uuid} NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    feature     TEXT NOT NULL,
    ceiling     {int} NOT NULL,
    CONSTRAINT entitlement_once PRIMARY KEY (organization_id, feature)
){strict};

-- One row for each event that counted: servers report some twice and repeat requests.
CREATE TABLE usage_event (
    workspace_id {uuid} NOT NULL,
    organization_id {uuid} NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    feature     TEXT NOT NULL,
    resource_id {uuid} NOT NULL,
    total       {int} NOT NULL,
    at          {time} NOT NULL,
    CONSTRAINT usage_event_once PRIMARY KEY (workspace_id, feature, resource_id, total)
){strict};
CREATE INDEX usage_event_organization ON usage_event (organization_id, feature);

CREATE TABLE usage_count (
    organization_id {uuid} NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    workspace_id {uuid} NOT NULL,
    feature     TEXT NOT NULL,
    total       {int} NOT NULL,
    CONSTRAINT usage_count_once PRIMARY KEY (organization_id, workspace_id, feature)
){strict};
