#!/usr/bin/env python3
"""Changes the timeout of all metrics at once, as a user does: the preview, then the change. Prints step and milliseconds.

    benchmark/bulk_edit.py PORT COOKIES ROUNDS

The change includes the list to which it leads.
"""

import html
import http.client
import re
import sys
import time
from urllib.parse import urlencode, urlsplit

METRICS = "/poem/admin/poem/metric/"


def request(port, cookies, address, fields=None):
    """Returns the page after a redirect at most, and the milliseconds that it took."""
    headers = {"Host": "localhost", "Cookie": cookies}
    body = None
    if fields is not None:
        body = urlencode(fields)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST" if body else "GET", address, body, headers)
    response = connection.getresponse()
    page = response.read().decode()
    connection.close()
    if response.status == 303:
        target = urlsplit(response.headers["Location"])
        page = request(port, cookies, f"{target.path}?{target.query}")[0]
    elif response.status != 200:
        sys.exit(f"{address}: status {response.status}")
    return page, (time.monotonic() - started) * 1000


def hidden(page):
    """Returns the names and values of the hidden inputs of a page."""
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return [(name, html.unescape(value)) for name, value in pairs]


def main():
    port, cookies, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    page, _ = request(port, cookies, f"{METRICS}?size=all")
    secret = [(name, value) for name, value in hidden(page) if name == "csrfmiddlewaretoken"][:1]
    picks = [("pick", number) for number in re.findall(r'name="pick"[^>]*value="(\d+)"', page)]
    for number in range(rounds):
        setting = {"setting_section": "config", "setting_key": "timeout", "setting_action": "set"}
        fields = secret + picks + list(setting.items()) + [("setting_value", 100 + number), ("_step", "preview")]
        page, took = request(port, cookies, f"{METRICS}bulk/", fields)
        changed = [value for name, value in hidden(page) if name == "target"]
        print(f"preview of {len(changed)} metrics", f"{took:.0f}", sep="\t")
        _, took = request(port, cookies, f"{METRICS}bulk/", hidden(page) + [("_step", "change")])
        print(f"change of {len(changed)} metrics", f"{took:.0f}", sep="\t")


if __name__ == "__main__":
    main()
