"""The binary under test."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from http_api import Api
from process import Process, plain_environment
from report import Failure, ensure

READY_LIMIT_SECONDS = 60
FIELDS = (
    "console_url", "api_url", "username", "password", "token", "organization_id", "organization_name",
)


class Claviger:
    """A control plane of our own in a folder of its own."""

    def __init__(self, binary: Path, folder: Path) -> None:
        folder.mkdir()
        self.binary = binary
        self.folder = folder
        self.log = folder / "claviger.log"
        self.log.touch()
        self.process: Process | None = None
        self.ready: dict = {}

    def start(self) -> None:
        """Starts the binary; after the first time on the address it had before."""
        listen = urlsplit(self.ready["api_url"]).netloc if self.ready else "127.0.0.1:0"
        command = [str(self.binary), "quickstart", "--data", str(self.folder / "data")]
        command += ["--listen", listen, "--json"]
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        self.process = Process("claviger", command, plain_environment(home), self.log)
        line = self.process.line(READY_LIMIT_SECONDS)
        try:
            answer = json.loads(line)
        except ValueError:
            raise Failure("the ready line of claviger is not JSON", line) from None
        ensure(isinstance(answer, dict), "the ready line of claviger is not an object", line)
        if not self.ready:
            missing = [field for field in FIELDS if not answer.get(field)]
            ensure(not missing, f"the ready line of claviger lacks {', '.join(missing)}", ", ".join(answer))
            self.ready = answer
        ensure(
            answer.get("api_url") == self.ready["api_url"],
            f"claviger came back at {answer.get('api_url')}, not at {self.ready['api_url']}",
        )

    def stop(self) -> int:
        return self.process.stop()

    def kill(self) -> None:
        if self.process:
            self.process.kill()

    @property
    def url(self) -> str:
        return self.ready["api_url"]

    def admin(self) -> Api:
        """The super-user, by personal access token."""
        return Api(self.url, self.ready["token"])

    def anonymous(self) -> Api:
        return Api(self.url)

    def exchange(self, key: str) -> dict:
        """Exchanges a key for a session token as the documents tell it."""
        return self.anonymous().post("/auth/login", form={"password": key}).expect()
