"""Every command line and sample of the product documents, one check each."""

import ast
import json
from functools import partial

from checks.login import is_connected
from checks.tokens import is_session
from documents import LINES, Line
from report import Failure, ensure, equal, register
from world import WORKSPACE


def credential(world, line: Line) -> str:
    """The value that takes the place of the line's token."""
    if line.credential == "personal_access_token":
        return world.token
    if line.credential == "api_token":
        return world.admin().get("/auth/api_token").expect()
    if line.credential == "service_account_key":
        return world.bot().key
    session = world.claviger().exchange(world.bot().key)["access_token"]
    if line.credential == "session":
        return session
    equal(line.credential, "workspace_token", "the credential of the line")
    return world.workspace().exchange(session)


def username(world, line: Line) -> str:
    human = line.credential in ("personal_access_token", "api_token")
    return world.claviger().ready["username"] if human else world.bot().username


def runs(line: Line, world) -> None:
    token = credential(world, line)
    workspace = world.workspace().url if line.target == "workspace" else "no-workspace-in-this-line"
    text = line.ready(world.claviger().url, workspace, WORKSPACE, token)
    if line.tool == "environment":
        world.project()
        client = world.bare_client("document")
        client.shell(text + "\nzenml stack list").succeeded().mentions("default")
    elif line.tool == "zenml":
        client = world.new_client("document")
        client.shell(text, stdin=token + "\n").succeeded()
        is_connected(world, client, username(world, line))
    else:
        judge(world, line, answer_of(world, line, text))


def answer_of(world, line: Line, text: str) -> dict:
    """Runs a line of curl, wget or Python and reads the JSON it prints."""
    client = world.bare_client("document")
    if line.tool == "python":
        script = client.folder / "sample.txt"
        script.write_text(text + "\n")
        outcome = client.shell(f"python {script.name}").succeeded()
        read = ast.literal_eval
    else:
        outcome = client.shell(text).succeeded()
        read = json.loads
    try:
        answer = read(outcome.output)
    except (ValueError, SyntaxError):
        raise Failure("the line did not print JSON", outcome.everything) from None
    ensure(isinstance(answer, dict), "the line did not print an object", outcome.everything)
    return answer


def judge(world, line: Line, answer: dict) -> None:
    if line.expects == "user":
        equal(answer.get("username"), username(world, line), "username", answer)
    elif line.expects == "workspace_user":
        equal(answer.get("name"), username(world, line), "name", answer)
    elif line.expects == "token":
        is_session(answer)
    else:
        equal(line.expects, "workspace_token", "the expectation of the line")
        ensure(answer.get("access_token"), "there is no access_token", answer)
        equal(answer.get("token_type"), "bearer", "token_type")


for one in LINES:
    register(one.name, partial(runs, one))
