"""What roles allow, as the real server and client enforce it."""

from report import check, ensure, equal

DENIED = ("Insufficient permissions", "IllegalOperation")


@check
def viewer_reads(world):
    world.project()
    server = world.inside(world.viewer().key)
    equal(server.get("/projects/default").expect()["name"], "default", "the project")
    names = [row["name"] for row in server.get("/stacks").expect()["items"]]
    ensure("default" in names, "the viewer does not see the default stack", names)


@check
def viewer_cannot_create_a_project(world):
    world.project()
    client = world.environment_client("viewer-project", world.viewer().key)
    client.zenml("project", "register", "forbidden").failed(*DENIED)
    world.inside(world.viewer().key).post("/projects", body={"name": "forbidden"}).expect(403)
    world.workspace().api(world.token).get("/projects/forbidden").expect(404)


@check
def viewer_cannot_register_a_stack(world):
    world.project()
    client = world.environment_client("viewer-stack", world.viewer().key)
    client.zenml("stack", "register", "forbidden", "-o", "default", "-a", "default").failed(*DENIED)
    rows = world.workspace().api(world.token).get("/stacks", name="forbidden").expect()["items"]
    equal(rows, [], "the stacks called forbidden")


@check
def viewer_is_held_back_with_a_raw_token_too(world):
    """A personal access token as bearer of every single request."""
    world.project()
    person = world.new_person("robin", "Workspace Viewer")
    server = world.workspace().api(person.token)
    equal(server.get("/projects/default").expect()["name"], "default", "the project")
    server.post("/projects", body={"name": "forbidden"}).expect(403)


@check
def viewer_may_be_promoted(world):
    """A role counts from the next call on, without a new login."""
    bot = world.new_bot("climber", "Workspace Viewer")
    server = world.workspace()
    local = world.inside(bot.key)
    local.post("/projects", body={"name": "by-climber"}).expect(403)
    world.assign("Workspace Admin", bot.id)
    local.post("/projects", body={"name": "by-climber"}).expect()
    server.api(world.token).post("/projects", body={"name": "of-others"}).expect()
    query = {"user_id": bot.id, "workspace_id": world.enrolment().id}
    world.admin().delete(f"/roles/{world.role('Workspace Admin')}/assignments", query=query).expect()
    local.delete("/projects/of-others").expect(403)
    server.api(world.token).delete("/projects/of-others").expect()
    # What it made stays its own: whoever creates a project administers it.
    local.delete("/projects/by-climber").expect()


@check
def stranger_does_not_enter(world):
    """A member of the organization without a role in the workspace."""
    bot = world.new_bot("stranger", None)
    control, server = world.admin().using(bot.key), world.workspace()
    equal(control.get("/users/me").expect()["id"], bot.id, "the caller at the control plane")
    equal(control.get("/workspaces", member_only="True").expect(), [], "the workspaces of the stranger")
    control.get(f"/workspaces/{world.enrolment().id}").refused(403, 404)
    control.get("/users/authorize_server", server_id=world.enrolment().id).refused(403)
    server.api(bot.key).get("/current-user").expect(401)
    server.api().post("/login", form={"password": bot.key}).expect(401)


@check
def bot_cannot_manage_the_organization(world):
    control = world.admin().using(world.bot().key)
    control.patch(f"/organizations/{world.organization}", body={"description": "taken"}).refused(403)
    path = f"/organizations/{world.organization}/service_accounts"
    control.post(path, body={"username": "child"}).refused(403)
    control.post("/users", query={"username": "child", "password": "a long enough password"}).refused(403)
    control.post("/organizations", body={"name": "bots-own"}).refused(403)
