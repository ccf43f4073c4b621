"""A plain HTTP caller: the suite's own requests, independent of the client under test."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from report import Failure, hide

LIMIT_SECONDS = 30


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirection as the answer it is."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


@dataclass(frozen=True)
class Answer:
    """What came back, and what had been asked."""

    request: str
    status: int
    headers: object
    text: str

    def json(self):
        try:
            return json.loads(self.text)
        except ValueError:
            raise Failure(f"{self.request} answered {self.status} without JSON", self.text) from None

    def expect(self, *statuses: int):
        """Returns the body if the status is one of those given (200 when none is)."""
        wanted = statuses or (200,)
        if self.status not in wanted:
            names = " or ".join(map(str, wanted))
            raise Failure(f"{self.request} answered {self.status}, not {names}", self.text)
        return self.json()

    def refused(self, *statuses: int) -> list:
        """Returns the reasons of a refusal in the error shape the real client understands."""
        detail = self.expect(*statuses).get("detail")
        named = isinstance(detail, list) and len(detail) >= 2 and all(isinstance(d, str) for d in detail)
        if not named:
            raise Failure(f"{self.request} refused without [name, message] in `detail`", self.text)
        return detail


class Api:
    """One server as one caller sees it."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.token = token

    def using(self, token: str | None) -> "Api":
        return Api(self.url, token)

    def call(self, method: str, path: str, *, query=None, body=None, form=None, headers=None) -> Answer:
        url = self.url + path
        if query:
            url += "?" + urllib.parse.urlencode(query, doseq=True)
        sent = {"Accept": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        elif form is not None:
            data = urllib.parse.urlencode(form).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        request = urllib.request.Request(url, data=data, headers=sent, method=method)
        title = hide(f"{method} {url}")
        try:
            with OPENER.open(request, timeout=LIMIT_SECONDS) as response:
                return Answer(title, response.status, response.headers, response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(title, error.code, error.headers, error.read().decode(errors="replace"))
        except OSError as error:
            raise Failure(f"{title} got no answer: {error}") from None

    def get(self, path: str, **query) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, path: str, **more) -> Answer:
        return self.call("POST", path, **more)

    def patch(self, path: str, **more) -> Answer:
        return self.call("PATCH", path, **more)

    def put(self, path: str, **more) -> Answer:
        return self.call("PUT", path, **more)

    def delete(self, path: str, **more) -> Answer:
        return self.call("DELETE", path, **more)
