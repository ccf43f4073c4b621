"""Starting and ending the suite's own long-running processes."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from report import Failure, tail

STOP_LIMIT_SECONDS = 20


def plain_environment(home: Path) -> dict[str, str]:
    """What every process gets: nothing of the caller's settings, and no way to the outside."""
    nowhere = "http://127.0.0.1:9"
    here = "127.0.0.1,localhost"
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "220",
        "PYTHONDONTWRITEBYTECODE": "1",
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "no_proxy": here,
        "NO_PROXY": here,
    }


class Process:
    """One process of ours: its standard error goes to a log, its standard output too or into `lines`."""

    def __init__(
        self, name: str, command: list[str], environment: dict, log: Path, output_is_log: bool = False
    ) -> None:
        self.name = name
        self.lines: list[str] = []
        self.arrived = threading.Condition()
        self.ended = False
        self.log = log
        with open(log, "ab") as errors:
            self.child = subprocess.Popen(
                command,
                cwd=log.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=errors if output_is_log else subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        for raw in self.child.stdout or ():
            with self.arrived:
                self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                self.arrived.notify_all()
        with self.arrived:
            self.ended = True
            self.arrived.notify_all()

    def line(self, limit: float) -> str:
        """Waits for the first line of standard output."""
        with self.arrived:
            self.arrived.wait_for(lambda: self.lines or self.ended, limit)
            if not self.lines:
                how = f"ended with {self.child.wait()}" if self.ended else f"said nothing for {limit:.0f} s"
                raise Failure(f"{self.name} {how}", self.log_tail())
            return self.lines[0]

    def until(self, ready, limit: float) -> None:
        """Asks `ready` again and again until it says yes, the process ends, or time is up."""
        deadline = time.monotonic() + limit
        while not ready():
            if self.child.poll() is not None:
                raise Failure(f"{self.name} ended with {self.child.returncode}", self.log_tail())
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} was not ready after {limit:.0f} s", self.log_tail())
            time.sleep(0.05)

    def stop(self) -> int:
        """Asks the process to end and returns its exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise Failure(f"{self.name} did not end within {STOP_LIMIT_SECONDS} s of SIGTERM") from None
        self.reader.join(STOP_LIMIT_SECONDS)
        return self.child.returncode

    def kill(self) -> None:
        """Ends the process and whatever it started, for good."""
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def log_tail(self) -> str:
        return tail(self.log.read_text(errors="replace"))
