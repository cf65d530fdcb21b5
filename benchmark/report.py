#!/usr/bin/env python3
"""Makes tables of the measurements of benchmark/run, with the targets next to them.

    benchmark/report.py SAMPLES RESULTS.md

The part of RESULTS.md from the heading "Remarks" on is written by hand and kept.
"""

import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

REMARKS = "## Remarks"
# The least share of nginx's requests per second, by the number of connections.
WANTED_SHARE = {1: 0.5, 8: 0.5, 32: 0.4}
WANTED_P99_TIMES = 3
WANTED_MEMORY_MIB = 40
WANTED_START_MS = 100
WANTED_LOAD_MS = 2000
# POEM 2.3 with the same pages and data: requests per second, and a description.
ORIGINAL = {"metric list": (14, "14 req/s, p50 546 ms at 8 connections"), "services": (None, "14 s for one, 1.6 MB")}
WANTED_TIMES = 100
WANTED_SERVICES_MS = 100
WANTED_SORTED_MS = 40
# The search over everything, at one connection.
WANTED_SEARCH_P99_MS = 50
# Of about 500 metrics.
WANTED_BULK_MS = 2000
WANTED_SYNC_MS = 5000
SCENARIOS = {"one": "as above", "ten": "10 times the data", "many": "200 tenants"}


def read(path):
    """Reads the samples by kind, each as the list of its values."""
    samples = defaultdict(list)
    for line in Path(path).read_text().splitlines():
        kind, *values = line.split("\t")
        samples[kind].append(values)
    return samples


def table(head, rows):
    """A Markdown table: the first column is aligned left, the others right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def judged(text, good):
    return text if good else f"**{text}**"


def milliseconds(microseconds):
    return f"{microseconds / 1000:.2f}"


class Runs:
    """The rounds of one server at one address, form and number of connections; their medians."""

    def __init__(self):
        self.rates, self.p50s, self.p99s, self.failed = [], [], [], 0

    def add(self, requests, duration, p50, p99, failed):
        self.rates.append(requests * 1e6 / duration)
        self.p50s.append(p50)
        self.p99s.append(p99)
        self.failed += failed

    rate = property(lambda self: median(self.rates))
    p50 = property(lambda self: median(self.p50s))
    p99 = property(lambda self: median(self.p99s))


def serving(samples):
    runs = defaultdict(Runs)
    for server, address, form, connections, *figures in samples["served"]:
        runs[server, address, form, int(connections)].add(*map(int, figures))
    sizes = {(address, form): int(size) for address, form, size in samples["size"]}
    rows, missed = [], 0
    for server, address, form, connections in runs:
        if server == "poem":
            poem, nginx = (runs[name, address, form, connections] for name in ("poem", "nginx"))
            size = sizes.get((address, form), 0)
            row, misses = serving_row(address, form, size, connections, poem, nginx)
            rows.append(row)
            missed += misses
    head = ["address", "form", "bytes", "conn.", "POEM req/s", "nginx req/s", "share", "wanted",
            "POEM p50 ms", "nginx p50 ms", "POEM p99 ms", "nginx p99 ms", "p99 times", "failed"]
    return table(head, rows) + f"\n{missed} of {2 * len(rows)} wanted figures were missed (in bold).\n"


def serving_row(address, form, size, connections, poem, nginx):
    share, times, wanted = poem.rate / nginx.rate, poem.p99 / nginx.p99, WANTED_SHARE[connections]
    good_share, good_times = share >= wanted, times <= WANTED_P99_TIMES
    failed = poem.failed + nginx.failed
    row = [f"`{address}`", form, size or "-", connections, f"{poem.rate:,.0f}", f"{nginx.rate:,.0f}",
           judged(f"{share:.2f}", good_share), f"≥ {wanted}", milliseconds(poem.p50), milliseconds(nginx.p50),
           milliseconds(poem.p99), milliseconds(nginx.p99), judged(f"{times:.1f}", good_times), judged(failed, not failed)]
    return row, (not good_share) + (not good_times)


def by_scenario(samples, kind):
    """The numbers of one kind, by scenario."""
    numbers = defaultdict(list)
    for scenario, *values in samples[kind]:
        numbers[scenario].append([float(value) for value in values])
    return numbers


def others(samples):
    peak, resident = (float(kib) / 1024 for kib in next(v[1:] for v in samples["memory"] if v[0] == "served"))
    start = median(value for value, in by_scenario(samples, "start")["one"])
    load = median(value for value, in by_scenario(samples, "load")["one"])
    requests, statements = map(int, samples["statements"][0])
    rows = [
        ["resident memory after the run", judged(f"{resident:.1f} MiB", resident <= WANTED_MEMORY_MIB), f"≤ {WANTED_MEMORY_MIB} MiB"],
        ["its peak", f"{peak:.1f} MiB", ""],
        ["from start to the first response", judged(f"{start:.0f} ms", start <= WANTED_START_MS), f"≤ {WANTED_START_MS} ms"],
        ["loading the dump", judged(f"{load:.0f} ms", load < WANTED_LOAD_MS), f"< {WANTED_LOAD_MS} ms"],
        [f"SQL statements of {requests} repeated requests", judged(statements, statements == 0), "0"],
    ]
    return table(["", "measured", "wanted"], rows)


def pages(samples):
    runs = defaultdict(Runs)
    for page, connections, *figures in samples["page"]:
        runs[page, int(connections)].add(*map(int, figures))
    sizes = {page: int(size) for page, size in samples["page-size"]}
    rows = []
    for (page, connections), run in sorted(runs.items()):
        original, words = ORIGINAL.get(page, (None, ""))
        wanted, good = "", True
        if original and connections == 8:
            wanted, good = f"≥ {original * WANTED_TIMES:,} req/s", run.rate >= original * WANTED_TIMES
        if page == "services":
            wanted, good = f"p50 < {WANTED_SERVICES_MS} ms", run.p50 < WANTED_SERVICES_MS * 1000
        if page.startswith("search") and connections == 1:
            wanted, good = f"p99 < {WANTED_SEARCH_P99_MS} ms", run.p99 < WANTED_SEARCH_P99_MS * 1000
        rows.append([page, connections, f"{sizes[page]:,}", judged(f"{run.rate:,.0f}", good), milliseconds(run.p50),
                     milliseconds(run.p99), judged(run.failed, not run.failed), wanted, words])
    head = ["page", "conn.", "bytes", "req/s", "p50 ms", "p99 ms", "failed", "wanted", "POEM 2.3"]
    return table(head, rows)


def sorted_lists(samples):
    times = defaultdict(list)
    for state, address, duration in samples["sorted"]:
        times[address, state].append(float(duration))
    slowest = defaultdict(float)
    for (address, state), durations in times.items():
        slowest[address, state] = median(durations)
    addresses = sorted({address for address, _ in times}, key=lambda address: -slowest[address, "loaded"])
    rows = []
    for address in addresses:
        loaded, analyzed = slowest[address, "loaded"], slowest[address, "analyzed"]
        rows.append([f"`{address}`", judged(f"{loaded:.1f}", loaded <= WANTED_SORTED_MS), f"{analyzed:.1f}", f"≤ {WANTED_SORTED_MS}"])
    return table(["list", "ms, loaded", "ms, analyzed again", "wanted"], rows)


def bulk_edit(samples):
    rows = []
    for step, durations in sorted(by_scenario(samples, "bulk").items(), reverse=True):
        duration = median(value for value, in durations)
        rows.append([step, judged(f"{duration:.0f}", duration <= WANTED_BULK_MS), f"≤ {WANTED_BULK_MS:,}"])
    return table(["step", "ms", "wanted"], rows)


def growth(samples):
    rates = defaultdict(list)
    for scenario, form, requests, duration, *_ in samples["growth"]:
        rates[scenario, form].append(int(requests) * 1e6 / int(duration))
    polling = defaultdict(list)
    for scenario, step, duration in samples["polling"]:
        polling[scenario, step].append(float(duration))
    starts, loads, memory = (by_scenario(samples, kind) for kind in ("start", "load", "memory"))
    sizes = by_scenario(samples, "growth-size")
    rows = []
    for scenario, words in SCENARIOS.items():
        peak, resident = (kib / 1024 for kib in memory[scenario][0])
        query = sum(median(polling[scenario, step]) for step in ("bind", "execute"))
        rows.append([
            words, f"{sizes[scenario][0][0]:,.0f}", f"{median(rates[scenario, 'plain']):,.0f}",
            f"{median(rates[scenario, 'gzip']):,.0f}", f"{resident:.1f}", f"{peak:.1f}",
            f"{median(value for value, in starts[scenario]):.0f}", f"{median(value for value, in loads[scenario]):.0f}",
            f"{query:.2f}",
        ])
    head = ["", "bytes", "plain req/s", "gzip req/s", "resident MiB", "peak MiB", "first response ms", "load ms",
            "freshness query ms"]
    return table(head, rows)


def synchronizing(samples):
    runs = {(int(count), state): (int(duration), statements) for count, state, duration, statements in samples["sync"]}
    rows = []
    for count in sorted({count for count, _ in runs}):
        row = [f"{count:,}"]
        for state in ("new", "unchanged", "changed"):
            duration, statements = runs[count, state]
            row += [judged(f"{duration:,}", duration <= WANTED_SYNC_MS), statements]
        rows.append(row)
    head = ["entries", "new ms", "statements", "unchanged ms", "statements", "half changed ms", "statements"]
    return table(head, rows)


def report(samples):
    machine = "\n".join(f"- {name}: {value}" for name, value in samples["machine"])
    return f"""# Benchmark results

Written by `make bench` (benchmark/run), on this machine:

{machine}

## Compared with nginx

POEM as shipped, logging to disk, and nginx, which serves the same bytes as files (the compressed ones with gzip_static),
measured with wrk in turn. Medians of the rounds. “share” is POEM's requests per second divided by nginx's; “304” sends
Accept-Encoding: gzip and the matching If-None-Match.

{serving(samples)}
## Other figures

{others(samples)}
## Pages

For a logged-in superuser, with the large data. A page is cached until the data change; a request asks the database for the
session and the state of the data. Results of a search are not cached.

{pages(samples)}
## Sorted lists

Every list sorted by every column, for a superuser, not from the cache: right after the data were loaded, and after an
additional ANALYZE of the whole database. Medians of five requests, the slowest first.

{sorted_lists(samples)}
## Bulk edit

One setting of all metrics is changed, by a superuser: the preview, then the change with the list after it. Medians of five.

{bulk_edit(samples)}
## Lists that feeds fill

One run of `poem-syncservices` with a feed of this many services: into an empty list, unchanged, and with every second
service changed. At most {WANTED_SYNC_MS / 1000:.0f} s are wanted. The number of SQL statements does not depend on the size.

{synchronizing(samples)}
## Growth

`v2/metrics/Production`, 8 connections. The memory is that of a server that did nothing else. The freshness query is the
one that the server runs four times a second.

{growth(samples)}"""


def main():
    samples, results = read(sys.argv[1]), Path(sys.argv[2])
    text = report(samples)
    remarks = results.read_text().partition(REMARKS)[2] if results.exists() else ""
    results.write_text(text + (f"\n{REMARKS}{remarks}" if remarks else ""))
    print(text)


if __name__ == "__main__":
    main()
