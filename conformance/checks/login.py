"""The ways in and out that the real client knows."""

from report import check, ensure, equal
from world import WORKSPACE

UNKNOWN_KEY = (
    "ZENPROKEY_eyJpZCI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMCIsImtleSI6ImRlYWRiZWVmIn0="
)


def is_connected(world, client, username: str) -> None:
    """The client points at the workspace and holds a token of it that belongs to the user."""
    server = world.workspace()
    equal(client.connected_to(), server.url, "the store the client is connected to")
    me = server.api(client.stored_token(server.url)).get("/current-user").expect()
    equal(me["name"], username, "the user of the client's token")


@check
def login_by_name(world):
    is_connected(world, world.human_client(), world.claviger().ready["username"])


@check
def login_by_id(world):
    world.workspace()
    client = world.new_client("by-id")
    client.login(world.enrolment().id, world.token).succeeded()
    is_connected(world, client, world.claviger().ready["username"])


@check
def login_by_url(world):
    client = world.new_client("by-url")
    client.login(world.workspace().url + "/", world.token).succeeded()
    is_connected(world, client, world.claviger().ready["username"])


@check
def login_with_a_key_from_the_environment(world):
    world.project()
    world.bot_client().zenml("stack", "list").succeeded().mentions("default")


@check
def status_shows_the_workspace(world):
    outcome = world.human_client().zenml("status").succeeded()
    outcome.mentions(world.workspace().url, WORKSPACE, world.claviger().ready["organization_name"])


@check
def server_list_shows_the_workspace(world):
    world.human_client().zenml("server", "list").succeeded().mentions(WORKSPACE, world.enrolment().id)


@check
def logout_disconnects(world):
    client, server = world.new_client("logout"), world.workspace()
    client.login(WORKSPACE, world.token).succeeded()
    client.zenml("logout", "--clear").succeeded().mentions("Logged out")
    ensure(client.connected_to() != server.url, "the client still points at the workspace")
    ensure(not client.stored(server.url), "the client still keeps a token of the workspace")


@check
def wrong_key_is_refused(world):
    world.workspace()
    good = world.token
    swapped = "A" if good[-12] != "A" else "B"
    wrong = [UNKNOWN_KEY, good[:-12] + swapped + good[-11:], good + "0", "ZENPROKEY_"]
    control = world.claviger().anonymous()
    for key in wrong:
        name = control.post("/auth/login", form={"password": key}).refused(401)[0]
        equal(name, "CredentialsNotValid", "the name of the refusal")
        control.using(key).get("/users/me").refused(401)
    client = world.new_client("wrong-key")
    client.login(WORKSPACE, UNKNOWN_KEY).failed("CredentialsNotValid")
    ensure(not client.connected_to(), "the client claims to be connected")


@check
def unknown_workspace_is_refused(world):
    client = world.new_client("unknown-workspace")
    client.login("no-such-workspace", world.token).failed("no-such-workspace")
    listed = world.admin().get("/workspaces", workspace_name="no-such-workspace", member_only="True").expect()
    equal(listed, [], "the list of workspaces with an unknown name")
