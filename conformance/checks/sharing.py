"""Roles, shares and teams as the real server and client enforce them."""

from report import check, ensure, equal
from world import PIPELINE


def names(server) -> set:
    return {row["name"] for row in server.get("/stacks", size=100).expect()["items"]}


def register_stack(world, server, name: str) -> str:
    """Registers a stack of the default components as the owner of that connection."""
    default = world.workspace().api(world.token).get("/stacks", name="default").expect()["items"][0]
    kinds = ("orchestrator", "artifact_store")
    hydrated = world.workspace().api(world.token).get(f"/stacks/{default['id']}").expect()
    components = {kind: [hydrated["metadata"]["components"][kind][0]["id"]] for kind in kinds}
    return server.post("/stacks", body={"name": name, "components": components}).expect()["id"]


def share(world, stack: str, actions: list, **grantee: str):
    query = {"resource_type": "stack", "resource_id": stack, **grantee}
    server = world.workspace().api(world.token)
    return server.post("/users/resource_membership", query=query, body=actions).expect()


@check
def contributor_sees_only_its_own_stacks(world):
    world.project()
    bot = world.new_bot("contributor", "Workspace Contributor")
    local = world.inside(bot.key)
    register_stack(world, world.workspace().api(world.token), "of-the-admin")
    register_stack(world, local, "of-the-contributor")
    seen = names(local)
    ensure("of-the-contributor" in seen, "it does not see its own stack", seen)
    ensure("of-the-admin" not in seen, "it sees a stack of somebody else", seen)


@check
def role_with_the_least_permissions_runs_a_pipeline(world):
    world.project()
    project = world.workspace().api(world.token).get("/projects/default").expect()["id"]
    kinds = ("pipeline", "pipeline_deployment", "pipeline_run", "artifact_version")
    permissions = ["project:read", *(f"{kind}:create" for kind in kinds)]
    body = {
        "name": "Runner",
        "organization_id": world.organization,
        "level": "project",
        "permissions": permissions,
    }
    role = world.admin().post("/roles", body=body).expect()["id"]
    bot = world.new_bot("minimal", None)
    query = {"user_id": bot.id, "workspace_id": world.enrolment().id, "project_id": project}
    world.admin().post(f"/roles/{role}/assignments", query=query).expect()
    client = world.environment_client("minimal", bot.key)
    client.zenml("project", "set", "default").succeeded()
    # A pipeline of its own: to read those of others it has no permission.
    script = world.folder / "own.py"
    script.write_text(PIPELINE.read_text().replace("two_steps", "of_the_minimal_role"))
    client.python(script).succeeded()


@check
def shared_stack_is_seen_until_it_is_unshared(world):
    """With a member of the organization who has no role in the workspace."""
    world.project()
    stack = register_stack(world, world.workspace().api(world.token), "for-the-guest")
    bot = world.new_bot("guest-of-a-stack", None)
    control = world.admin().using(bot.key)
    equal(control.get("/workspaces", member_only="True").expect(), [], "the workspaces before")
    share(world, stack, ["read"], user_id=bot.id)
    seen = [row["id"] for row in control.get("/workspaces", member_only="True").expect()]
    equal(seen, [world.enrolment().id], "the workspaces of an implicit member")
    local = world.inside(bot.key)
    ensure("for-the-guest" in names(local), "the shared stack is not seen", names(local))
    local.delete(f"/stacks/{stack}").expect(403)
    share(world, stack, [], user_id=bot.id)
    local.get(f"/stacks/{stack}").expect(403)
    ensure("for-the-guest" not in names(local), "the stack is still seen", names(local))


@check
def stack_shared_with_a_team_is_seen_by_who_is_in_it(world):
    world.project()
    stack = register_stack(world, world.workspace().api(world.token), "for-the-team")
    body = {"name": "stackers", "organization_id": world.organization}
    team = world.admin().post("/teams", body=body).expect()["id"]
    bot = world.new_bot("stacker", None)
    world.admin().post(f"/teams/{team}/members", query={"user_id": bot.id}).expect()
    share(world, stack, ["read"], team_id=team)
    local = world.inside(bot.key)
    ensure("for-the-team" in names(local), "the shared stack is not seen", names(local))
    world.admin().delete(f"/teams/{team}/members", query={"user_id": bot.id}).expect()
    local.get(f"/stacks/{stack}").expect(403)


@check
def removal_from_the_organization_ends_access_on_the_next_call(world):
    world.project()
    person = world.new_person("leaver", "Workspace Admin")
    local = world.inside(person.token)
    equal(local.get("/projects/default").expect()["name"], "default", "the project")
    query = {"user_id": person.id}
    world.admin().delete(f"/organizations/{world.organization}/members", query=query).expect()
    local.get("/projects/default").expect(403)
    world.workspace().api(person.token).get("/projects/default").expect(401)


@check
def project_belongs_to_who_made_it(world):
    """The server does not say who made a project; it must not be lost, nor given to somebody else."""
    world.project()
    body = {
        "name": "Founder",
        "organization_id": world.organization,
        "level": "workspace",
        "permissions": ["project:create"],
    }
    role = world.admin().post("/roles", body=body).expect()["id"]
    bots = [world.new_bot(name, None) for name in ("founder-one", "founder-two")]
    for bot in bots:
        query = {"user_id": bot.id, "workspace_id": world.enrolment().id}
        world.admin().post(f"/roles/{role}/assignments", query=query).expect()
    one, two = (world.inside(bot.key) for bot in bots)
    mine = one.post("/projects", body={"name": "of-founder-one"}).expect()["id"]
    two.post("/projects", body={"name": "of-founder-two"}).expect()
    one.get(f"/projects/{mine}").expect()
    two.get(f"/projects/{mine}").expect(403)
    one.delete(f"/projects/{mine}").expect()
