"""Coming up: the control plane, an enrolment, the workspace server."""

from http_api import Api
from report import check, ensure, equal
from world import WORKSPACE


@check
def quickstart_says_where_it_is(world):
    ready = world.claviger().ready
    ensure(ready["api_url"].startswith(ready["console_url"].rstrip("/")), "the API is not below the console")
    equal(ready["api_url"].rstrip("/")[-7:], "/api/v1", "the end of api_url")
    ensure(ready["token"].startswith("ZENPROKEY_"), "the token is not a ZENPROKEY_")
    me = world.admin().get("/users/me").expect()
    equal(me["username"], ready["username"], "the owner of the token")
    equal(me["is_superuser"], True, "is_superuser of the owner of the token")


@check
def password_login_answers_a_session(world):
    me = world.admin().using(world.admin_session()).get("/users/me").expect()
    equal(me["username"], world.claviger().ready["username"], "the owner of the session")


@check
def api_is_also_below_slash_api(world):
    control = world.claviger()
    other = Api(control.ready["console_url"].rstrip("/") + "/api", world.token)
    equal(other.get("/users/me").expect()["username"], control.ready["username"], "the caller at /api")


@check
def enrolment_answers_the_credentials(world):
    enrolment = world.enrolment()
    ready = world.claviger().ready
    equal(enrolment.name, WORKSPACE, "the name of the workspace")
    equal(enrolment.organization_id, ready["organization_id"], "the organization's id")
    equal(enrolment.organization_name, ready["organization_name"], "the organization's name")
    equal(enrolment.status, "pending", "the status of a workspace nobody has started")
    again = world.admin().get(f"/workspaces/{enrolment.id}").expect()
    ensure(not again.get("enrollment_key"), "the enrollment key is shown a second time")


@check
def environment_lists_the_variables(world):
    enrolment, control = world.enrolment(), world.claviger()
    listed = world.admin().get(f"/workspaces/{enrolment.id}/environment").expect()
    wanted = {
        "ZENML_SERVER_DEPLOYMENT_TYPE": "cloud",
        "ZENML_SERVER_PRO_API_URL": control.url,
        "ZENML_SERVER_PRO_ORGANIZATION_ID": enrolment.organization_id,
        "ZENML_SERVER_PRO_ORGANIZATION_NAME": enrolment.organization_name,
        "ZENML_SERVER_PRO_WORKSPACE_ID": enrolment.id,
        "ZENML_SERVER_PRO_WORKSPACE_NAME": enrolment.name,
    }
    for name, value in wanted.items():
        equal(listed.get(name), value, name)
    for name in ("ZENML_SERVER_PRO_DASHBOARD_URL", "ZENML_SERVER_PRO_OAUTH2_AUDIENCE"):
        ensure(listed.get(name), f"{name} is not listed")
    ensure(enrolment.enrollment_key not in listed.values(), "the enrollment key is shown a second time")


@check
def workspace_server_starts(world):
    server, enrolment = world.workspace(), world.enrolment()
    info = server.api().get("/info").expect()
    wanted = {
        "version": "0.98.0",
        "deployment_type": "cloud",
        "auth_scheme": "EXTERNAL",
        "pro_api_url": world.claviger().url,
        "pro_workspace_id": enrolment.id,
        "pro_organization_id": enrolment.organization_id,
    }
    for name, value in wanted.items():
        equal(info.get(name), value, name)


@check
def workspace_becomes_available(world):
    server = world.workspace()
    found = world.admin().get(f"/workspaces/{world.enrolment().id}").expect()
    equal(found["status"], "available", "the status after the server has reported")
    equal(found["zenml_service"]["status"]["server_url"], server.url, "the address the server reported")
    equal(found["zenml_service"]["status"]["version"], "0.98.0", "the version the server reported")


@check
def browser_entry_of_the_workspace_exists(world):
    """The workspace sends browsers without a session to the control plane."""
    answer = world.workspace().api().post("/login", form={"grant_type": "zenml-external"}).expect()
    address = answer["authorization_url"]
    equal(address, world.claviger().ready["console_url"].rstrip("/") + "/api/auth/login", "authorization_url")
    page = Api(address).call("GET", "", headers={"Accept": "text/html"})
    ensure(page.status in (200, 302, 303, 307), f"{address} answers {page.status}", page.text)
