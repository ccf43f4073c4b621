"""What people and bots do once they are in."""

import json

from report import Failure, check, equal
from world import PIPELINE


def result_of(outcome) -> dict:
    for line in reversed(outcome.succeeded().output.splitlines()):
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    raise Failure("the pipeline script printed no result", outcome.everything)


def runs_to_the_end(world, client, author: str) -> None:
    outcome = client.python(PIPELINE)
    facts = result_of(outcome)
    equal(facts["status"], "completed", "the status of the run", outcome.everything)
    equal(facts["steps"], {"numbers": "completed", "total": "completed"}, "the status of the steps")
    equal(facts["numbers"], [1, 2, 3, 4], "the artifact of the first step")
    equal(facts["total"], 10, "the artifact of the second step")
    equal(facts["author"], author, "the author of the run")
    equal(facts["project"], "default", "the project of the run")
    reader = world.workspace().api(world.token)
    stored = reader.get(f"/runs/{facts['run']}").expect()
    equal(stored["body"]["status"], "completed", "the status of the run at the server")


@check
def project_register(world):
    world.project().mentions("default")
    found = world.workspace().api(world.token).get("/projects/default").expect()
    equal(found["name"], "default", "the name of the project")


@check
def stack_list(world):
    world.project()
    world.human_client().zenml("stack", "list").succeeded().mentions("default")


@check
def pipeline_as_a_human(world):
    world.project()
    runs_to_the_end(world, world.human_client(), world.claviger().ready["username"])


@check
def pipeline_as_a_bot(world):
    runs_to_the_end(world, world.bot_client(), world.bot().username)


@check
def project_comes_and_goes(world):
    """The workspace reports both to the control plane and fails the request if that fails."""
    world.project()
    server = world.workspace().api(world.token)
    created = server.post("/projects", body={"name": "short-lived"}).expect()
    server.get(f"/projects/{created['id']}").expect()
    answer = server.delete(f"/projects/{created['id']}")
    equal(answer.status, 200, "the status of the deletion", answer.text)
