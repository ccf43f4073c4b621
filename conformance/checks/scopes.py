"""Narrowed tokens: what a token leaves of its owner's rights, as the real server and client enforce it."""

from checks.permissions import DENIED
from report import check, ensure, equal
from world import PIPELINE


def narrowed(world, name: str, scope: dict) -> dict:
    """Makes a token of the super-user; only a session of a person may, a token may not."""
    session = world.admin().using(world.admin_session())
    made = session.post("/users/me/api_keys", body={"name": name, "scope": scope}).expect()
    shown = {name: sorted(part) if name == "permissions" else part for name, part in made["scope"].items()}
    equal(shown, scope, "the scope that was asked for")
    return made


@check
def token_that_only_reads_changes_nothing(world):
    world.project()
    token = narrowed(world, "reader", {"read_only": True})["key"]
    world.admin().using(token).post("/organizations", body={"name": "by-the-reader"}).refused(403)
    client = world.environment_client("reader", token)
    client.zenml("stack", "list").succeeded().mentions("default")
    client.zenml("project", "register", "by-the-reader").failed(*DENIED)
    for server in (world.workspace().api(token), world.inside(token)):
        equal(server.get("/projects/default").expect()["name"], "default", "the project")
        server.post("/projects", body={"name": "by-the-reader"}).expect(403)
        # Not even what its owner made: a server asks nobody what owners do with their own.
        server.delete("/projects/default").expect(403)


@check
def token_with_few_permissions_runs_a_pipeline(world):
    world.project()
    kinds = ("pipeline", "pipeline_deployment", "pipeline_run", "artifact", "artifact_version", "run_metadata")
    permissions = [f"{kind}:{action}" for kind in kinds for action in ("create", "read", "update")]
    permissions += ["stack:read", "stack_component:read"]
    token = narrowed(world, "runner", {"permissions": sorted(permissions)})["key"]
    client = world.environment_client("runner", token)
    client.zenml("project", "set", "default").succeeded()
    client.python(PIPELINE).succeeded()
    client.zenml("stack", "register", "by-the-runner", "-o", "default", "-a", "default").failed(*DENIED)


@check
def token_of_another_workspace_does_not_enter(world):
    world.project()
    query = {"name": "for-the-guest", "enroll": "true", "organization_id": world.organization}
    made = world.admin().post("/workspaces", query=query).expect()
    scope = {"organizations": [made["organization"]["id"]], "workspaces": [made["id"]]}
    token = narrowed(world, "guest", scope)["key"]
    control = world.admin().using(token)
    equal([row["id"] for row in control.get("/workspaces").expect()], [made["id"]], "the workspaces it sees")
    control.get(f"/workspaces/{world.enrolment().id}").refused(404)
    world.workspace().api(token).get("/projects").expect(401)


@check
def token_is_narrowed_and_ended_at_once(world):
    world.project()
    made = narrowed(world, "shrinking", {"permissions": ["project:*"]})
    server, path = world.inside(made["key"]), f"/users/me/api_keys/{made['id']}"
    session = world.admin().using(world.admin_session())
    server.post("/projects", body={"name": "by-the-shrinking"}).expect()
    session.patch(path, body={"scope": {"read_only": True}}).expect()
    server.post("/projects", body={"name": "too-late"}).expect(403)
    ensure(server.get("/projects/default").status == 200, "the narrowed token reads no more", "")
    session.patch(path, body={"active": False}).expect()
    # The session inside the workspace is the server's own; all it asks is answered with no.
    server.get("/projects/default").expect(403)
