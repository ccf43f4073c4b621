"""What the checks share: the two servers, the people, the bots and their clients.

Everything here is made when it is first needed, once; `report.prepared` remembers failures too.
"""

import itertools
import secrets
from dataclasses import dataclass
from pathlib import Path

from claviger import Claviger
from client import Client, Outcome
from http_api import Api
from report import Failure, prepared, tail
from workspace import Enrolment, WorkspaceServer, enrol

WORKSPACE = "ws-one"
PIPELINE = Path(__file__).with_name("pipelines") / "two_steps.py"


@dataclass(frozen=True)
class Bot:
    """A service account and the value of its first key."""

    id: str
    username: str
    key: str

    def path(self, organization: str) -> str:
        return f"/organizations/{organization}/service_accounts/{self.id}"


@dataclass(frozen=True)
class Person:
    """A further human with a session and a personal access token."""

    id: str
    username: str
    session: str
    token: str


class World:
    def __init__(self, binary: Path, venv: Path, folder: Path) -> None:
        self.binary = binary
        self.venv = venv
        self.folder = folder
        self.prepared: dict = {}
        self.running: list = []
        self.marks: dict = {}
        self.counter = itertools.count(1)

    # The two servers.

    @prepared
    def claviger(self) -> Claviger:
        server = Claviger(self.binary, self.folder / "claviger")
        self.running.append(server)
        server.start()
        return server

    def admin(self) -> Api:
        return self.claviger().admin()

    @property
    def organization(self) -> str:
        return self.claviger().ready["organization_id"]

    @prepared
    def enrolment(self) -> Enrolment:
        return enrol(self.admin(), name=WORKSPACE)

    @prepared
    def workspace(self) -> WorkspaceServer:
        control = self.claviger()
        server = WorkspaceServer(
            self.venv, self.folder / "workspace", self.enrolment(), control.url, control.ready["console_url"]
        )
        self.running.append(server)
        server.start()
        return server

    def inside(self, key: str) -> Api:
        """The workspace as the owner of a key sees it after the exchange in two steps.

        Permissions are tested this way and not with the raw key: server 0.98.0 forgets the outside
        identity of a service account that sends its raw key, and then asks nobody what it may do.
        """
        session = self.claviger().exchange(key)["access_token"]
        return self.workspace().api(self.workspace().exchange(session))

    # Principals.

    @prepared
    def roles(self) -> dict[str, str]:
        rows = self.admin().get(f"/organizations/{self.organization}/roles").expect()
        return {row["name"]: row["id"] for row in rows}

    def role(self, name: str) -> str:
        try:
            return self.roles()[name]
        except KeyError:
            raise Failure(f"there is no role called {name}", str(sorted(self.roles()))) from None

    def assign(self, role: str, user: str) -> None:
        query = {"user_id": user, "workspace_id": self.enrolment().id}
        self.admin().post(f"/roles/{self.role(role)}/assignments", query=query).expect()

    def new_bot(self, username: str, role: str | None) -> Bot:
        """Creates a service account with a key and, if one is named, a role in the workspace."""
        body = {
            "username": username,
            "initial_api_key": {"name": "default"},
            "role_id": self.role("Organization Member"),
        }
        answer = self.admin().post(f"/organizations/{self.organization}/service_accounts", body=body).expect()
        try:
            bot = Bot(answer["id"], answer["username"], answer["initial_api_key"]["key"])
        except (KeyError, TypeError) as problem:
            raise Failure(f"the new service account lacks {problem}", str(sorted(answer))) from None
        if role:
            self.assign(role, bot.id)
        return bot

    @prepared
    def bot(self) -> Bot:
        return self.new_bot("autobot", "Workspace Developer")

    @prepared
    def viewer(self) -> Bot:
        return self.new_bot("watcher", "Workspace Viewer")

    def new_person(self, username: str, role: str) -> Person:
        """Creates a local account and lets its owner choose a password, join, and make a token."""
        first, final = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        control = self.claviger().anonymous()
        created = self.admin().post("/users", query={"username": username, "password": first}).expect()
        # The first account of an installation becomes a super-user, whom no role holds back.
        self.admin().patch(f"/users/{created['id']}", body={"is_superuser": False}).expect()
        change = {"current_password": first, "new_password": final}
        temporary = self.session(username, first)
        control.using(temporary).post("/users/me/password", body=change).expect()
        member = {"user_id": created["id"], "role_id": self.role("Organization Member")}
        self.admin().post(f"/organizations/{self.organization}/members", query=member).expect()
        self.assign(role, created["id"])
        session = self.session(username, final)
        token = control.using(session).post("/users/me/api_keys", body={"name": "laptop"}).expect()["key"]
        return Person(created["id"], username, session, token)

    def session(self, username: str, password: str) -> str:
        form = {"username": username, "password": password}
        return self.claviger().anonymous().post("/auth/login", form=form).expect()["access_token"]

    @prepared
    def admin_session(self) -> str:
        ready = self.claviger().ready
        return self.session(ready["username"], ready["password"])

    @property
    def token(self) -> str:
        """The super-user's personal access token."""
        return self.claviger().ready["token"]

    # Clients.

    def new_client(self, name: str, **settings: str) -> Client:
        folder = self.folder / "clients" / f"{next(self.counter):02}-{name}"
        return Client(self.venv, folder, {"ZENML_PRO_API_URL": self.claviger().url, **settings})

    def bare_client(self, name: str) -> Client:
        """A client that has not been told where the control plane is."""
        client = self.new_client(name)
        del client.environment["ZENML_PRO_API_URL"]
        return client

    def environment_client(self, name: str, key: str) -> Client:
        """A client that knows its server and its key by environment variables only."""
        return self.new_client(name, ZENML_STORE_URL=self.workspace().url, ZENML_STORE_API_KEY=key)

    @prepared
    def human_client(self) -> Client:
        """The super-user's client, logged in by the name of the workspace."""
        self.workspace()
        client = self.new_client("human")
        client.login(WORKSPACE, self.token).succeeded()
        return client

    @prepared
    def project(self) -> Outcome:
        return self.human_client().zenml("project", "register", "default", "--set").succeeded()

    @prepared
    def bot_client(self) -> Client:
        self.project()
        return self.environment_client("bot", self.bot().key)

    # Logs and the end.

    def logs(self):
        return [(server.log.stem, server.log) for server in self.running]

    def mark_logs(self) -> None:
        self.marks = {name: path.stat().st_size for name, path in self.logs()}

    def logs_since_mark(self):
        for name, path in self.logs():
            with open(path, "rb") as file:
                file.seek(self.marks.get(name, 0))
                yield f"log of {name}", tail(file.read().decode(errors="replace"), 15)

    def close(self) -> None:
        """Ends what is still running, the workspace before its control plane."""
        for server in reversed(self.running):
            server.kill()
