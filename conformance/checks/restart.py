"""Nothing is lost when either server ends and comes back."""

from checks.keys import works
from report import check, equal


@check
def workspace_server_restarts(world):
    world.project()
    server = world.workspace()
    local = world.inside(world.bot().key)
    server.stop()
    server.start()
    found = world.admin().get(f"/workspaces/{world.enrolment().id}").expect()
    equal(found["status"], "available", "the status after the restart")
    local.get("/projects/default").expect()
    works(world, world.bot().key)
    world.human_client().zenml("stack", "list").succeeded().mentions("default")


@check
def claviger_restarts(world):
    world.project()
    control, server = world.claviger(), world.workspace()
    session = control.exchange(world.bot().key)["access_token"]
    local = server.api(server.exchange(session))
    own = world.admin_session()
    equal(control.stop(), 0, "the exit code of claviger after SIGTERM")
    equal(len(control.process.lines), 1, "the number of lines on standard output", control.process.lines)
    control.start()
    works(world, world.token)
    works(world, world.bot().key)
    for token in (session, own):
        control.anonymous().using(token).get("/users/me").expect()
    # The workspace goes on with the machine token it had.
    local.get("/projects/default").expect()
    server.exchange(session)
    world.human_client().zenml("stack", "list").succeeded().mentions("default")
    fresh = world.environment_client("after-restart", world.bot().key)
    fresh.zenml("project", "list").succeeded().mentions("default")


@check
def claviger_stops_when_asked(world):
    control = world.claviger()
    equal(control.stop(), 0, "the exit code of claviger after SIGTERM")
