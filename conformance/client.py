"""The real command line and library of the client, each installation in a folder of its own."""

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from process import plain_environment
from report import Failure

COMMAND_LIMIT_SECONDS = 90


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    command: str
    code: int
    output: str
    errors: str

    @property
    def everything(self) -> str:
        return f"$ {self.command}\n{self.output}\n{self.errors}\n[exit code {self.code}]"

    def succeeded(self) -> "Outcome":
        if self.code != 0:
            raise Failure(f"`{self.command}` ended with {self.code}", self.everything)
        return self

    def failed(self, *signs: str) -> "Outcome":
        """Requires a refusal that mentions one of the signs."""
        if self.code == 0:
            raise Failure(f"`{self.command}` succeeded, but must not", self.everything)
        if signs and not any(sign in self.everything for sign in signs):
            raise Failure(f"`{self.command}` failed without saying any of {signs}", self.everything)
        return self

    def mentions(self, *words: str) -> "Outcome":
        for word in words:
            if word not in self.everything:
                raise Failure(f"`{self.command}` did not mention {word!r}", self.everything)
        return self


class Client:
    """One computer with a zenml client: its home, its configuration, its working folder."""

    def __init__(self, venv: Path, folder: Path, settings: dict[str, str]) -> None:
        folder.mkdir(parents=True)
        self.venv = venv
        self.folder = folder
        self.configuration = folder / ".config" / "zenml"
        self.environment = plain_environment(folder)
        self.environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{self.environment['PATH']}"
        self.environment["ZENML_CONFIG_PATH"] = str(self.configuration)
        self.environment["ZENML_ANALYTICS_OPT_IN"] = "false"
        self.environment.update(settings)

    def zenml(self, *arguments: str, stdin: str = "", extra: dict | None = None) -> Outcome:
        command = [str(self.venv / "bin" / "zenml"), *arguments]
        return self.run(command, "zenml " + " ".join(arguments), stdin, extra)

    def login(self, workspace: str, key: str) -> Outcome:
        return self.zenml("login", workspace, "--api-key", stdin=key + "\n")

    def python(self, script: Path, *arguments: str) -> Outcome:
        """Runs a copy of the script in this client's own folder."""
        copy = self.folder / script.name
        shutil.copyfile(script, copy)
        command = [str(self.venv / "bin" / "python"), str(copy), *arguments]
        return self.run(command, f"python {script.name} {' '.join(arguments)}".strip())

    def shell(self, text: str, stdin: str = "") -> Outcome:
        return self.run(["sh", "-c", text], text, stdin)

    def run(self, command: list[str], title: str, stdin: str = "", extra: dict | None = None) -> Outcome:
        child = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment, **(extra or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            output, errors = child.communicate(stdin, COMMAND_LIMIT_SECONDS)
        except BaseException as problem:
            os.killpg(child.pid, signal.SIGKILL)
            output, errors = child.communicate()
            if isinstance(problem, subprocess.TimeoutExpired):
                raise Failure(f"`{title}` took over {COMMAND_LIMIT_SECONDS} s", output + errors) from None
            raise
        return Outcome(title, child.returncode, output, errors)

    def settings(self, name: str) -> dict:
        """Reads one of the client's own files, with the client's own YAML library."""
        path = self.configuration / name
        if not path.exists():
            return {}
        program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1])), default=str))"
        command = [str(self.venv / "bin" / "python"), "-c", program, str(path)]
        return json.loads(self.run(command, f"read {name}").succeeded().output) or {}

    def stored(self, url: str) -> dict:
        """What the client has written down about a server, if anything."""
        return self.settings("credentials.yaml").get(url) or {}

    def stored_token(self, url: str) -> str:
        """The token the client keeps for a server."""
        token = (self.stored(url).get("api_token") or {}).get("access_token")
        if not token:
            raise Failure(f"the client has stored no token for {url}")
        return token

    def connected_to(self) -> str:
        """The address of the store this client is configured to use."""
        return (self.settings("config.yaml").get("store") or {}).get("url", "")
