"""The command lines of the product documents, and the only changes made before they run.

`documents/*.json` holds every line as it stands in the document. `ready` replaces the host and the
token and nothing else. Two kinds of damage that the documents' text has suffered are undone first,
each where the line says so: a line that lost its line breaks gets them back in front of the words
listed, and a Python sample loses the indentation it has in the document.
"""

import json
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from report import Failure, equal

FOLDER = Path(__file__).with_name("documents")

CONTROL_PLANE = (
    "https://cloudapi.zenml.io",
    "https://<your-pro-api-url>",
    "https://...",
)
WORKSPACE = (
    "https://your-workspace-url",
    "https://1ca28d37-zenml.cloudinfra.zenml.io",
    "https://your-org.zenml.io",
    "https://<your-workspace>.zenml.io",
)
WORKSPACE_NAME = "<your-workspace-name>"


@dataclass(frozen=True)
class Line:
    """One command or sample of a document."""

    name: str
    tool: str
    target: str
    credential: str
    expects: str
    text: list[str]
    token: str | None = None
    lost_line_breaks: list[str] = field(default_factory=list)

    def whole(self) -> str:
        """The text as the document's author wrote it."""
        text = textwrap.dedent("\n".join(self.text))
        if self.lost_line_breaks:
            equal(len(self.text), 1, "the number of lines of a line that lost its breaks")
        for word in self.lost_line_breaks:
            equal(text.count(" " + word), 1, f"the number of places of {word!r}")
            text = text.replace(" " + word, "\n" + word)
        return text

    def ready(self, control_plane: str, workspace: str, workspace_name: str, token: str) -> str:
        """The text with host and token replaced."""
        text, hosts = self.whole(), 0
        for names, value in ((CONTROL_PLANE, control_plane), (WORKSPACE, workspace)):
            for name in names:
                hosts += text.count(name)
                text = text.replace(name, value)
        hosts += text.count(WORKSPACE_NAME)
        text = text.replace(WORKSPACE_NAME, workspace_name)
        if not hosts:
            raise Failure("no host was found in the line", text)
        if self.token:
            equal(text.count(self.token), 1, f"the number of places of {self.token!r}")
            text = text.replace(self.token, token)
        return text


def load() -> tuple[list[Line], list[str], dict]:
    lines, endpoints, samples = [], [], {}
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text())
        prefix = "document_" + path.name[:3]
        for line in content["lines"]:
            lines.append(Line(**{**line, "name": f"{prefix}_{line['name']}"}))
        endpoints += content.get("endpoints", [])
        samples.update(content.get("samples", {}))
    return lines, endpoints, samples


LINES, ENDPOINTS, SAMPLES = load()
