"""The credentials and exchanges that raw HTTP callers use."""

from documents import SAMPLES
from report import check, ensure, equal
from workspace import enrol


def is_session(answer: dict) -> None:
    """The token answer is the documented one, apart from the token itself."""
    ensure(answer.get("access_token"), "there is no access_token", answer)
    for name, value in SAMPLES["token"].items():
        if name != "access_token":
            ensure(name in answer, f"the token answer lacks {name}", sorted(answer))
            equal(answer[name], value, name)


@check
def personal_access_token_is_a_bearer_at_the_workspace(world):
    me = world.workspace().api(world.token).get("/current-user").expect()
    equal(me["name"], world.claviger().ready["username"], "the user")
    equal(me["body"]["is_service_account"], False, "is_service_account")
    equal(me["body"]["is_admin"], True, "is_admin of a super-user")


@check
def key_is_a_bearer_at_the_workspace(world):
    me = world.workspace().api(world.bot().key).get("/current-user").expect()
    equal(me["name"], world.bot().username, "the user")


@check
def service_account_is_marked(world):
    bot = world.bot()
    raw = world.workspace().api(bot.key).get("/current-user").expect()
    equal(raw["body"]["is_service_account"], True, "is_service_account at the workspace, by raw key")
    at_workspace = world.inside(bot.key).get("/current-user").expect()
    equal(at_workspace["body"]["is_service_account"], True, "is_service_account at the workspace")
    equal(at_workspace["metadata"]["external_user_id"], bot.id, "external_user_id at the workspace")
    here = world.admin().using(bot.key).get("/users/me").expect()
    equal(here["id"], bot.id, "the id")
    equal(here["is_service_account"], True, "is_service_account at the control plane")
    equal(here["organization_id"], world.organization, "organization_id")


@check
def user_object_is_as_documented(world):
    me = world.admin().using(world.bot().key).get("/users/me").expect()
    missing = [name for name in SAMPLES["user"] if name not in me]
    ensure(not missing, f"the user object lacks {', '.join(missing)}", sorted(me))
    equal(me["password"], None, "password")
    equal(me["email"], me["username"], "the e-mail of a service account")


@check
def key_is_a_password_at_the_workspace(world):
    server = world.workspace()
    answer = server.api().post("/login", form={"password": world.bot().key}).expect()
    me = server.api(answer["access_token"]).get("/current-user").expect()
    equal(me["name"], world.bot().username, "the user of the token")


@check
def exchange_in_two_steps(world):
    server = world.workspace()
    answer = world.claviger().exchange(world.bot().key)
    is_session(answer)
    local = server.exchange(answer["access_token"])
    equal(server.api(local).get("/current-user").expect()["name"], world.bot().username, "the user")
    equal(server.api(answer["access_token"]).get("/current-user").status, 401, "a session used at the workspace")


@check
def exchange_names_its_grant(world):
    """Other clients name the grant, or send an empty name, and all send the key as bearer too."""
    key = world.bot().key
    for grant in ("zenml_api_key", "zenml-api-key", ""):
        form = {"grant_type": grant, "password": key}
        is_session(world.admin().using(key).post("/auth/login", form=form).expect())


@check
def workspace_authorization_opens_one_workspace(world):
    server, admin = world.workspace(), world.admin()
    here = world.enrolment().id
    token = admin.using(world.bot().key).get(f"/auth/workspace_authorization/{here}").expect()["access_token"]
    me = server.api(server.exchange(token)).get("/current-user").expect()
    equal(me["name"], world.bot().username, "the user")
    other = enrol(admin, name="elsewhere").id
    admin.using(token).get("/users/authorize_server", server_id=here).expect()
    admin.using(token).get("/users/authorize_server", server_id=other).refused(403)
    admin.using(token).get("/users/me").refused(401, 403)


@check
def api_token_is_a_bearer(world):
    token = world.admin().get("/auth/api_token").expect()
    ensure(isinstance(token, str) and token, "the API token is not a bare string", type(token))
    equal(
        world.admin().using(token).get("/users/me").expect()["username"],
        world.claviger().ready["username"],
        "the owner of the API token",
    )


@check
def machine_login_ignores_a_stale_bearer(world):
    """A workspace server sends its expired token along whenever it logs in again."""
    enrolment, control = world.enrolment(), world.claviger()
    form = {
        "grant_type": "client_credentials",
        "client_id": enrolment.id,
        "client_secret": enrolment.enrollment_key,
        "audience": control.url,
    }
    answer = control.anonymous().using("no-longer-valid").post("/auth/login", form=form).expect()
    ensure(answer["expires_in"] > 300, "the machine token lives too briefly", answer["expires_in"])
    machine = control.anonymous().using(answer["access_token"])
    machine.get("/users/authorize_server", server_id=enrolment.id).refused(401, 403)
    form["client_secret"] = "wrong"
    control.anonymous().post("/auth/login", form=form).refused(401)


@check
def machine_routes_refuse_people(world):
    query = {"user_id": world.bot().id, "action": "read"}
    answer = world.admin().post("/rbac/check_permissions", query=query, body=["stack"])
    equal(answer.refused(403)[0], "IllegalOperationError", "the name of the refusal")
