#!/usr/bin/env python3
"""Requests every list of the admin, as it is and with all optional columns, sorted by each of its columns. Prints address and milliseconds of each request.

    benchmark/sorted_lists.py PORT COOKIES ROUNDS COMMAND…

COMMAND runs before each request. It changes the stamp of the data, so that no page comes from the cache.
"""

import html
import http.client
import re
import subprocess
import sys
import time


def get(port, cookies, address):
    """Returns a page and the milliseconds that it took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started = time.monotonic()
    connection.request("GET", address, headers={"Host": "localhost", "Cookie": cookies})
    response = connection.getresponse()
    page = response.read().decode()
    took = (time.monotonic() - started) * 1000
    connection.close()
    if response.status != 200:
        sys.exit(f"{address}: status {response.status}")
    return page, took


def links(page, pattern):
    """Returns the targets of the links of a page that match the pattern as a whole, each once."""
    targets = map(html.unescape, re.findall(r'href="([^"]*)"', page))
    return sorted({target for target in targets if re.fullmatch(pattern, target)})


def main():
    port, cookies, rounds, command = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    index, _ = get(port, cookies, "/poem/admin/")
    for list_address in links(index, r"/poem/admin/[a-z]+/[a-z]+/"):
        page, _ = get(port, cookies, list_address)
        optional = ".".join(re.findall(r'name="cols" value="([a-z_]+)"', page))
        lists = [list_address, f"{list_address}?cols={optional}"] if optional else [list_address]
        for address in lists:
            measure(port, cookies, address, rounds, command)


def measure(port, cookies, list_address, rounds, command):
    """Requests a list, sorted by each of its columns."""
    page, _ = get(port, cookies, list_address)
    # The links of the column heads; the ones of pages and filters have no order, or other parameters.
    orders = {re.search(r"[?&]o=-?([a-z_]+)", target)[1] for target in links(page, r".*[?&]o=[^&]*")}
    for order in sorted(orders):
        for _ in range(rounds):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            address = f"{list_address}{'&' if '?' in list_address else '?'}o={order}"
            print(address, f"{get(port, cookies, address)[1]:.1f}", sep="\t")


if __name__ == "__main__":
    main()
