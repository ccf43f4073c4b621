"""Stands in for the person at the browser: opens the page, picks the workspace, approves the device.

The client starts this program instead of a browser and waits for it. What it needs beside the
address of the page comes in CONFORMANCE_ variables; what it saw goes to CONFORMANCE_SEEN.
"""

import json
import os
import sys
import urllib.parse

from http_api import Api


def main() -> None:
    address = urllib.parse.urlsplit(sys.argv[1])
    page = Api(f"{address.scheme}://{address.netloc}").call(
        "GET", f"{address.path}?{address.query}", headers={"Accept": "text/html"}
    )
    wanted = dict(urllib.parse.parse_qsl(address.query))
    api = Api(os.environ["CONFORMANCE_API_URL"], os.environ["CONFORMANCE_TOKEN"])
    choice = {
        "user_code": wanted.get("user_code"),
        "trusted_device": False,
        "metadata": {"tenant_id": os.environ["CONFORMANCE_WORKSPACE"]},
    }
    approval = api.put("/devices/verify", body=choice)
    seen = {
        "address": sys.argv[1],
        "page": page.status,
        "workspace": wanted.get("workspace"),
        "approval": approval.status,
        "answer": approval.text,
    }
    with open(os.environ["CONFORMANCE_SEEN"], "w") as file:
        json.dump(seen, file)


if __name__ == "__main__":
    main()
