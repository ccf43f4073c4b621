"""The real workspace server, enrolled with the control plane."""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from http_api import Api
from process import Process, plain_environment
from report import Failure

READY_LIMIT_SECONDS = 120


@dataclass(frozen=True)
class Enrolment:
    """What the control plane tells about a workspace once, when it is enrolled."""

    id: str
    name: str
    enrollment_key: str
    organization_id: str
    organization_name: str
    status: str


def enrol(admin: Api, **query) -> Enrolment:
    answer = admin.post("/workspaces", query={"enroll": "true", **query}).expect()
    try:
        return Enrolment(
            id=answer["id"],
            name=answer["name"],
            enrollment_key=answer["enrollment_key"],
            organization_id=answer["organization"]["id"],
            organization_name=answer["organization"]["name"],
            status=admin.get(f"/workspaces/{answer['id']}").expect()["status"],
        )
    except (KeyError, TypeError) as problem:
        raise Failure(f"the enrolment answer lacks {problem}", str(sorted(answer))) from None


class WorkspaceServer:
    """`zenml` 0.98.0 as a server, with the environment of an enrolled workspace and nothing else."""

    def __init__(self, venv: Path, folder: Path, enrolment: Enrolment, api_url: str, console_url: str) -> None:
        folder.mkdir()
        self.venv = venv
        self.folder = folder
        self.log = folder / "workspace.log"
        self.log.touch()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: Process | None = None
        self.environment = {
            **plain_environment(folder),
            "ZENML_CONFIG_PATH": str(folder / ".config" / "zenml"),
            "ZENML_ANALYTICS_OPT_IN": "false",
            "ZENML_STORE_TYPE": "sql",
            "ZENML_STORE_URL": f"sqlite:///{folder / 'ws.db'}",
            "ZENML_SERVER_DEPLOYMENT_TYPE": "cloud",
            "ZENML_SERVER_SERVER_URL": self.url,
            "ZENML_SERVER_JWT_SECRET_KEY": secrets.token_hex(32),
            "ZENML_SERVER_PRO_API_URL": api_url,
            "ZENML_SERVER_PRO_DASHBOARD_URL": console_url,
            "ZENML_SERVER_PRO_OAUTH2_CLIENT_SECRET": enrolment.enrollment_key,
            "ZENML_SERVER_PRO_OAUTH2_AUDIENCE": api_url,
            "ZENML_SERVER_PRO_ORGANIZATION_ID": enrolment.organization_id,
            "ZENML_SERVER_PRO_ORGANIZATION_NAME": enrolment.organization_name,
            "ZENML_SERVER_PRO_WORKSPACE_ID": enrolment.id,
            "ZENML_SERVER_PRO_WORKSPACE_NAME": enrolment.name,
        }

    def start(self) -> None:
        python = str(self.venv / "bin" / "python")
        command = [python, "-m", "uvicorn", "zenml.zen_server.zen_server_api:app"]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        self.process = Process("the workspace server", command, self.environment, self.log, True)
        self.process.until(self.healthy, READY_LIMIT_SECONDS)

    def healthy(self) -> bool:
        try:
            return Api(self.url).get("/health").status == 200
        except Failure:
            return False

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        if self.process:
            self.process.kill()

    def api(self, token: str | None = None) -> Api:
        return Api(f"{self.url}/api/v1", token)

    def exchange(self, token: str) -> str:
        """Exchanges a control-plane token for a token of this workspace."""
        return self.api(token).post("/login").expect()["access_token"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
