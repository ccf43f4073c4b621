"""The endpoint list of the control-plane API document, one check each."""

import re
from functools import partial

from documents import ENDPOINTS
from report import Failure, check, ensure, equal, prepared, register

ROLE = {"name": "stack reader", "level": "workspace", "permissions": ["stack:read", "project:read"]}


@prepared
def second_organization(world) -> dict:
    return world.admin().post("/organizations", body={"name": "second"}).expect()


@prepared
def second_workspace(world) -> dict:
    body = {"name": "second-one", "organization_id": second_organization(world)["id"], "enroll": True}
    return world.admin().post("/workspaces", body=body).expect()


@prepared
def custom_role(world) -> dict:
    return world.admin().post("/roles", body={**ROLE, "organization_id": world.organization}).expect()


def listed(answer: object, key: str = "id") -> list:
    ensure(isinstance(answer, list), "the answer is not a bare array", type(answer))
    return [row[key] for row in answer]


def list_organizations(world, path):
    ensure(world.organization in listed(world.admin().get(path).expect()), "the organization is not listed")


def create_an_organization(world, path):
    equal(second_organization(world)["name"], "second", "name")
    world.admin().post(path, body={"name": "second"}).refused(409)


def get_organization_details(world, path):
    found = world.admin().get(path.format(organization_id=world.organization)).expect()
    equal(found["id"], world.organization, "id")
    missing = [name for name in ("name", "created", "updated") if not found.get(name)]
    ensure(not missing, f"the organization lacks {missing}", sorted(found))


def update_an_organization(world, path):
    here = path.format(organization_id=second_organization(world)["id"])
    world.admin().patch(here, body={"description": "for a try"}).expect()
    found = world.admin().get(here).expect()
    equal((found["name"], found["description"]), ("second", "for a try"), "name and description")


def list_workspaces(world, path):
    mine = world.enrolment()
    ensure(mine.id in listed(world.admin().get(path).expect()), "the workspace is not listed")
    by_name = world.admin().get(path, workspace_name=mine.name, offset=0, limit=20, member_only="True")
    equal(listed(by_name.expect()), [mine.id], "the workspaces of that name")
    by_url = world.admin().get(path, url=world.workspace().url + "/", member_only="False")
    equal(listed(by_url.expect()), [mine.id], "the workspaces of that address")
    ensure(len(world.admin().get(path, limit=1).expect()) == 1, "limit=1 does not answer one workspace")


def create_a_workspace(world, path):
    made = second_workspace(world)
    equal(made["name"], "second-one", "name")
    equal(made["organization"]["id"], second_organization(world)["id"], "the organization")
    ensure(made.get("enrollment_key"), "there is no enrollment key", sorted(made))
    again = {"name": "second-one", "enroll": "true", "organization_id": made["organization"]["id"]}
    world.admin().post(path, query=again).refused(409)


def get_workspace_details(world, path):
    found = world.admin().get(path.format(workspace_id=world.enrolment().id)).expect()
    equal((found["id"], found["name"]), (world.enrolment().id, world.enrolment().name), "id and name")
    for name in ("desired_state", "state_reason", "status"):
        ensure(isinstance(found.get(name), str), f"{name} is not a string", found)
    for name in ("id", "name", "created", "updated"):
        ensure(found["organization"].get(name), f"organization.{name} is missing", found)
    ensure("configuration" in found["zenml_service"], "zenml_service.configuration is missing", found)


def update_a_workspace(world, path):
    here = path.format(workspace_id=second_workspace(world)["id"])
    world.admin().patch(here, body={"display_name": "The Second"}).expect()
    found = world.admin().get(here).expect()
    equal((found["name"], found["display_name"]), ("second-one", "The Second"), "name and display_name")


def list_users(world, path):
    rows = listed(world.admin().get(path).expect(), "username")
    ensure(world.claviger().ready["username"] in rows, "the super-user is not listed", rows)


def get_current_user(world, path):
    equal(world.admin().get(path).expect()["username"], world.claviger().ready["username"], "username")


def update_user(world, path):
    created = world.admin().post(
        "/users", query={"username": "riley", "password": "a long enough password"}
    ).expect()
    here = path.format(user_id=created["id"])
    world.admin().patch(here, body={"name": "Riley"}).expect()
    found = world.admin().get(here).expect()
    equal((found["username"], found["name"]), ("riley", "Riley"), "username and name")


def create_a_role(world, path):
    made = custom_role(world)
    equal({name: made[name] for name in ("name", "level")}, {"name": ROLE["name"], "level": "workspace"}, "role")
    equal(sorted(made["permissions"]), sorted(ROLE["permissions"]), "permissions")
    world.admin().post(path, body={**ROLE, "organization_id": world.organization}).refused(409)


def assign_a_role(world, path):
    """The custom role counts at the real workspace server: stacks can be read, nothing else."""
    world.project()
    bot = world.new_bot("stack-reader", None)
    here = path.format(role_id=custom_role(world)["id"])
    query = {"user_id": bot.id, "workspace_id": world.enrolment().id}
    world.admin().post(here, query=query).expect()
    rows = world.admin().get(here).expect()
    ensure(bot.id in [(row.get("user") or {}).get("id") for row in rows], "the assignment is not listed", rows)
    server = world.inside(bot.key)
    server.get("/projects/default").expect()
    equal(server.get("/pipelines", project="default").expect()["items"], [], "the pipelines it sees")
    server.post("/projects", body={"name": "not-allowed"}).expect(403)


def check_permissions(world, path):
    answer = world.admin().get(path).expect()
    known = {(row["resource"], row["action"]) for row in answer["available"]}
    wanted = {("stack", "read"), ("pipeline_run", "create"), ("secret", "read_secret_value")}
    ensure(wanted <= known, f"the catalogue lacks {sorted(wanted - known)}", sorted(known))


def list_run_templates(world, path):
    """The document's one list that the workspace itself serves."""
    world.project()
    server = world.workspace().api(world.bot().key)
    ensure("items" in server.get(path, project="default").expect(), "there is no page of templates")


def endpoint(line: str, world) -> None:
    """Calls what the line of the document names, at the path the line gives."""
    title, path = re.fullmatch(r"(.+): [A-Z]+ (/\S*)", line).groups()
    action = globals().get(title.lower().replace(" ", "_"))
    if action is None:
        raise Failure(f"nothing tests the line {line!r}")
    action(world, path)


for one in ENDPOINTS:
    register("endpoint_" + one.split(":")[0].lower().replace(" ", "_"), partial(endpoint, one))


@check
def endpoint_document_is_openapi_3_1(world):
    document = world.admin().get("/openapi.json").expect()
    ensure(document["openapi"].startswith("3.1"), f"the version of OpenAPI is {document['openapi']}")
    known = {
        f"{method.upper()} {shape(path)}" for path, item in document["paths"].items() for method in item
    }
    wanted = {shape(line.split(": ")[1]) for line in ENDPOINTS if "run_templates" not in line}
    ensure(wanted <= known, f"the document does not know {sorted(wanted - known)}", sorted(known))


def shape(path: str) -> str:
    """A path without the names of its parameters and without the prefix it may be served below."""
    return re.sub(r"\{[^}]*\}", "{}", path).removeprefix("/api/v1")
