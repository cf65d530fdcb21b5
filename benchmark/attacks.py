#!/usr/bin/env python3
"""Measures how long a cheap request of the API takes while the server is busy with requests that were made to be long.

    benchmark/attacks.py NAME=PORT…          for example  before=8001 after=8002

Each port is a server with demo data that nobody else uses: `poem try --port PORT --dir DIR`. The requests save a metric
with many settings. Prints a table with a line for each attack and, for each server: the status and the seconds of the
attack, and the longest time of the cheap requests during it, in milliseconds.
"""

import http.client
import re
import sys
import threading
import time
from urllib.parse import urlencode

TOKEN = "demo-egi-ncg"
CSRF = "0123456789abcdef0123456789abcdef"
ADMIN = "/poem/admin/poem"
# The pause between two cheap requests.
PAUSE = 0.01


class Server:
    """A server with demo data, on the loopback interface."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}

    def send(self, method, path, body=None, headers=()):
        """Returns the status, the headers and the text of a response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        cookies = "; ".join(f"{name}={value}" for name, value in {"csrftoken": CSRF, **self.cookies}.items())
        try:
            try:
                connection.request(method, path, body, {"Host": "localhost", "Cookie": cookies, **dict(headers)})
            except (BrokenPipeError, ConnectionResetError):
                pass  # The server refuses a body without reading all of it; its response is there.
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode(errors="replace")
        finally:
            connection.close()

    def post(self, path, fields):
        """Posts a form; `fields` is encoded already."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, f"csrfmiddlewaretoken={CSRF}&{fields}", kind)

    def log_in(self, username):
        """Starts a session of a demo user."""
        self.cookies = {}
        fields = urlencode({"username": username, "password": f"demo-{username}"})
        _, headers, _ = self.post("/poem/admin/login/", fields)
        cookies = "\n".join(headers.get_all("Set-Cookie", []))
        self.cookies = {"sessionid": re.search(r"^sessionid=([^;]+)", cookies, re.MULTILINE).group(1)}

    def cheap(self):
        """Returns the seconds of a cheap request of the API."""
        start = time.monotonic()
        status, _, _ = self.send("GET", "/poem/api/v2/metrics/Test", headers={"X-API-KEY": TOKEN})
        assert status in (200, 503), status
        return time.monotonic() - start


def measure(server, attack):
    """Returns the status and the seconds of an attack, and the longest cheap request during it."""
    server.cheap()
    outcome = {}

    def run():
        start = time.monotonic()
        outcome["status"] = attack(server)[0]
        outcome["seconds"] = time.monotonic() - start

    thread = threading.Thread(target=run)
    thread.start()
    longest = 0.0
    while thread.is_alive():
        longest = max(longest, server.cheap())
        time.sleep(PAUSE)
    thread.join()
    return outcome["status"], outcome["seconds"], longest


def tuples(count):
    """The fields of the rows of a profile."""
    return "".join(f"&tuples-{row}-service_flavour=SRM&tuples-{row}-metric=M{row}" for row in range(count))


def first_metric(server):
    """Returns the id of an active metric."""
    _, _, page = server.send("GET", f"{ADMIN}/metric/?q=AMS")
    return re.search(rf"{ADMIN}/metric/(\d+)/change/".replace("/", "(?:/|&#x2F;)"), page).group(1)


def settings(server, metric, order):
    """Saves the metric with these attributes, in this order."""
    _, _, page = server.send("GET", f"{ADMIN}/metric/{metric}/change/")
    value = lambda name: re.search(rf'name="{name}"[^>]*? value="([^"]*)"', page).group(1)
    chosen = lambda name: re.search(rf'name="{name}".*?<option value="([^"]*)" selected', page, re.S).group(1)
    fields = {"name": value("name"), "_revision": value("_revision"), "mtype": "Active"}
    fields.update(tag=chosen("tag"), group=chosen("group"))
    for row, key in enumerate(["interval", "maxCheckAttempts", "path", "retryInterval", "timeout"]):
        fields.update({f"config-{row}-key": key, f"config-{row}-value": "1"})
    rows = "".join(f"&attribute-{row}-key=k{key // 2}&attribute-{row}-value=v{key}" for row, key in enumerate(order))
    return server.post(f"{ADMIN}/metric/{metric}/change/", urlencode(fields) + rows)


def attacks(server):
    """Yields the name and the function of each attack, in the order in which they are made."""
    profile = f"{ADMIN}/profile/1/change/"
    server.log_in("emil")
    yield "33,000 rows, in no group", lambda it: it.post(profile, "_resume=1" + tuples(33_000))
    server.log_in("ada")
    yield "16,000 rows", lambda it: it.post(profile, "_resume=1" + tuples(16_000))
    yield "10,000 rows", lambda it: it.post(profile, "_resume=1" + tuples(10_000))
    metric = first_metric(server)
    for count in (500, 8_000, 30_000):
        yield f"{count} settings", lambda it, count=count: settings(it, metric, range(count))
        yield f"{count} settings in reverse", lambda it, count=count: settings(it, metric, reversed(range(count)))
    server.cookies = {}
    history = f"{ADMIN}/public_metric/{metric}/history/"
    _, _, page = server.send("GET", history)
    versions = re.findall(r"history(?:/|&#x2F;)(\d+)", page)
    yield "a version, by anybody", lambda it: it.send("GET", f"{history}{versions[0]}/?x=1")
    pair = f"version_id1={versions[1]}&version_id2={versions[0]}"
    yield "a comparison, by anybody", lambda it: it.send("GET", f"{history}compare/?{pair}&x=2")
    markup = "%3C" * (2 * 1024 * 1024)
    yield "a form of 6 MiB without a session", lambda it: it.post(f"{ADMIN}/probe/1/change/", f"d={markup}")
    typed = f"username=x&password=y&_typed={'a' * (20 * 1024 * 1024)}"
    yield "a login of 20 MiB", lambda it: it.post("/poem/admin/login/", typed)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    names = [argument.split("=")[0] for argument in sys.argv[1:]]
    servers = [Server(int(argument.split("=")[1])) for argument in sys.argv[1:]]
    print("| attack | " + " | ".join(f"{name}: status, seconds | a cheap request (ms)" for name in names) + " |")
    print("|---|" + "---|---|" * len(names))
    for steps in zip(*(attacks(server) for server in servers)):
        cells = []
        for server, (_, attack) in zip(servers, steps):
            status, seconds, longest = measure(server, attack)
            cells.append(f"{status}, {seconds:.1f} | {longest * 1000:.0f}")
        print(f"| {steps[0][0]} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
