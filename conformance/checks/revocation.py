"""Taking access away: it must end at the next call, wherever the control plane is asked."""

from checks.keys import refused, works
from report import check, equal
from world import WORKSPACE


@check
def deactivated_key_stops_working(world):
    bot = world.new_bot("quitter", "Workspace Developer")
    works(world, bot.key)
    control, server = world.claviger(), world.workspace()
    session = control.exchange(bot.key)["access_token"]
    control.anonymous().using(session).get("/users/me").expect()
    path = f"{bot.path(world.organization)}/api_keys/default"
    equal(world.admin().patch(path, body={"active": False}).expect()["active"], False, "active")
    refused(world, bot.key)
    control.anonymous().using(session).get("/users/me").refused(401)
    server.api(session).post("/login").expect(401)
    world.environment_client("quitter", bot.key).zenml("stack", "list").failed("CredentialsNotValid", "401")


@check
def deactivated_service_account_stops_working(world):
    bot = world.new_bot("sleeper", "Workspace Developer")
    world.project()
    works(world, bot.key)
    control, server = world.claviger(), world.workspace()
    session = control.exchange(bot.key)["access_token"]
    local = server.api(server.exchange(session))
    local.get("/projects/default").expect()
    changed = world.admin().patch(bot.path(world.organization), body={"is_active": False}).expect()
    equal(changed["is_active"], False, "is_active")
    refused(world, bot.key)
    control.anonymous().using(session).get("/users/me").refused(401)
    # The workspace's own token outlives the account, but permissions are asked for every time.
    local.get("/projects/default").expect(403)
    world.environment_client("sleeper", bot.key).zenml("stack", "list").failed("CredentialsNotValid", "401")
    path = f"{bot.path(world.organization)}/api_keys"
    world.admin().post(path, body={"name": "late"}).refused(422)
    world.admin().patch(bot.path(world.organization), body={"is_active": True}).expect()
    works(world, bot.key)


@check
def removed_member_loses_access(world):
    world.project()
    person = world.new_person("morgan", "Workspace Developer")
    control, server = world.claviger().anonymous().using(person.token), world.workspace()
    client = world.new_client("morgan")
    client.login(WORKSPACE, person.token).succeeded()
    client.zenml("project", "describe", "default").succeeded()
    local = server.api(client.stored_token(server.url))
    local.get("/projects/default").expect()
    here = f"/organizations/{world.organization}/members"
    world.admin().delete(here, query={"user_id": person.id}).expect()
    # The account still exists, outside.
    equal(control.get("/users/me").expect()["id"], person.id, "the caller at the control plane")
    equal(control.get("/workspaces", member_only="True").expect(), [], "the workspaces of the person")
    equal(control.get("/organizations").expect(), [], "the organizations of the person")
    server.api(person.token).get("/current-user").expect(401)
    local.get("/projects/default").expect(403)
    client.zenml("project", "describe", "default").failed("No projects have been found")
    again = world.new_client("morgan-again")
    again.login(WORKSPACE, person.token).failed(WORKSPACE)


@check
def password_must_be_changed_first(world):
    """An account somebody else has made is of no use before its owner has chosen a password."""
    first = "given by the administrator"
    admin = world.admin()
    admin.post("/users", query={"username": "newcomer", "password": first}).expect()
    session = world.session("newcomer", first)
    fresh = admin.using(session)
    fresh.post("/users/me/api_keys", body={"name": "too-early"}).refused(401, 403)
    change = {"current_password": first, "new_password": "chosen by the newcomer"}
    fresh.post("/users/me/password", body=change).expect()
    fresh.post("/auth/login", form={"username": "newcomer", "password": first}).refused(401)
    final = admin.using(world.session("newcomer", "chosen by the newcomer"))
    final.post("/users/me/api_keys", body={"name": "in-time"}).expect()


@check
def deactivated_workspace_refuses_login(world):
    world.project()
    server, admin = world.workspace(), world.admin()
    session = world.claviger().exchange(world.bot().key)["access_token"]
    local = server.api(server.exchange(session))
    path = f"/workspaces/{world.enrolment().id}"
    admin.post(f"{path}/deactivate").expect()
    try:
        equal(admin.get(path).expect()["status"], "deactivated", "the status")
        admin.get("/users/authorize_server", server_id=world.enrolment().id).refused(403)
        server.api(world.bot().key).get("/current-user").expect(401)
        server.api(session).post("/login").expect(401)
        local.get("/projects/default").expect(403)
        client = world.new_client("deactivated")
        client.login(WORKSPACE, world.token).failed("deactivated")
    finally:
        admin.post(f"{path}/activate").expect()
    equal(admin.get(path).expect()["status"], "available", "the status after activation")
    local.get("/projects/default").expect()
    works(world, world.bot().key)
