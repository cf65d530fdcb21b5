#!/usr/bin/env python3
"""Makes the dump of a large tenant in the format of POEM 2.3's dumpdata. The same arguments result in the same bytes.

    benchmark/generate.py [--times N | --small] > dump.json

By default: 150 probes, 500 metrics with 18 settings or so each, 40 profiles with 100 tuples each, 830 versions, 886
log entries, 3 groups of each kind, 2 users, 400 VOs, 200 service flavours, 300 services. --times 10: ten times that.
--small: one of many tenants, with 15 metrics and 2 profiles. All dumps have the same token.
"""

import argparse
import json
import random
import sys
from datetime import datetime, timedelta

TOKEN = "1" * 16 + "a" * 16
START = datetime(2026, 1, 1)
GROUPS = ["ARGO", "SSC", "EUDAT"]
NAMESPACES = ["argo", "ch.cern", "emi.cream", "eu.egi.sec", "eu.eudat", "ngi.it", "org.nagios", "org.sam", "pl.plgrid"]
SUBJECTS = ["AMS", "ARC-CE", "BDII", "CREAM-CE", "DPM", "GOCDB", "GridFTP", "HTCondorCE", "OIDC", "QCG", "StoRM", "XRootD"]
DEEDS = ["Check", "Del", "Entries", "Freshness", "Get", "Ls", "Publisher", "Put", "Version", "result"]
CONTENT_TYPES = ["metric", "probe", "profile"]
SECTIONS = {
    "metricconfig": "config",
    "metricattribute": "attribute",
    "metricdependancy": "dependancy",
    "metricflags": "flags",
    "metricfiles": "files",
    "metricparameter": "parameter",
    "metricfileparameter": "fileparameter",
}


class Dump:
    """The rows made so far. The keys of each model start at 1."""

    def __init__(self):
        self.rows = []
        self.keys = {}

    def add(self, model, fields, key=None):
        """Adds a row and returns its key; by default the next key of its model."""
        if key is None:
            key = self.keys.get(model, 0) + 1
            self.keys[model] = key
        self.rows.append({"model": model, "pk": key, "fields": fields})
        return key


class Tenant:
    """Makes the rows of a tenant, in an order in which references point back."""

    def __init__(self, probes, metrics, profiles, tuples, vos, flavours, services):
        self.dump = Dump()
        self.random = random.Random(2026)
        self.moment = 0
        self.vos = ["ops"] + [f"vo{n:03}.example.org" for n in range(1, vos)]
        self.flavours = [f"{self.namespace(n)}.{SUBJECTS[n % len(SUBJECTS)]}-{n:03}" for n in range(flavours)]
        self.metrics = [self.metric_name(n) for n in range(metrics)]
        self.probes = [f"{self.namespace(n)}-{SUBJECTS[n % len(SUBJECTS)]}-probe{n:03}".replace(".", "-") for n in range(probes)]
        self.profiles = [f"ARGO_MON_{n:02}" for n in range(profiles)]
        self.tuples = tuples
        self.services = services
        # The key and the label of the newest version of each probe.
        self.newest = {}

    def namespace(self, number):
        return NAMESPACES[number * 7 % len(NAMESPACES)]

    def metric_name(self, number):
        subject, deed = SUBJECTS[number * 5 % len(SUBJECTS)], DEEDS[number * 3 % len(DEEDS)]
        return f"{self.namespace(number)}.{subject}-{deed}-{number:03}"

    def now(self):
        """Returns a time later than all previous ones."""
        self.moment += 1
        return (START + timedelta(seconds=37 * self.moment)).isoformat(timespec="milliseconds")

    def write(self, out):
        for part in (
            self.add_fixed_rows, self.add_people, self.add_catalogue, self.add_probes, self.add_metrics,
            self.add_profiles, self.add_groups,
        ):
            part()
        json.dump(self.dump.rows, out)

    def add_fixed_rows(self):
        for model in CONTENT_TYPES:
            self.dump.add("contenttypes.contenttype", {"app_label": "poem", "model": model})
        for name in ["Production", "Devel", "Test"]:
            self.dump.add("poem.tags", {"name": name})
        for name in ["Active", "Passive"]:
            self.dump.add("poem.metrictype", {"name": name})

    def add_people(self):
        for name, superuser in [("poem", True), ("alice", False)]:
            groups = [] if superuser else [1]
            fields = {
                "password": "!", "last_login": None, "is_superuser": superuser, "username": name, "first_name": "",
                "last_name": "", "email": f"{name}@example.org", "is_staff": True, "is_active": True,
                "date_joined": self.now(),
            }
            fields.update({f"groupsof{kind}": groups for kind in ("profiles", "metrics", "probes", "aggregations")})
            user = self.dump.add("poem.custuser", fields)
            self.dump.add("poem.userprofile", {"user": user, "subject": None, "egiid": None, "displayname": None})
        key = {"created": self.now(), "client_id": "LARGE", "token": TOKEN, "hashed_token": "", "revoked": False}
        self.dump.add("rest_framework_api_key.apikey", key)

    def add_catalogue(self):
        for name in self.vos:
            self.dump.add("poem.vo", {}, name)
        for name in self.flavours:
            self.dump.add("poem.serviceflavour", {"description": f"Service type {name}"}, name)
        for number in range(self.services):
            flavour = self.flavours[number % len(self.flavours)]
            fields = {
                "service_id": str(number // 2), "service_name": f"{flavour} service {number // 2}",
                "service_area": "Compute", "service_version": "1.0", "service_type": flavour,
                "component_version": f"{number % 5}.0", "component_name": f"component {number}",
                "visible_to_marketplace": True, "in_catalogue": True, "external_service": True,
                "internal_service": False,
            }
            self.dump.add("poem.service", fields, str(1000 + number))

    def add_probes(self):
        """Adds the probes. One in five has a second version."""
        for number, name in enumerate(self.probes):
            versions = ["1.0.0", "2.0.0"] if number % 5 == 0 else ["1.0.0"]
            fields = {
                "name": name, "description": f"{name} is a probe.", "group": GROUPS[number % 3], "user": "poem",
                "repository": f"https://github.com/ARGOeu/{name}",
                "docurl": f"https://wiki.example.org/tests#{name}",
            }
            for version in versions:
                label = f"{name} ({version})"
                fields |= {"version": version, "comment": f"Release {version}"}
                key, time = self.add_version("probe", number + 1, fields, label, "added" if version == "1.0.0" else "changed")
                self.newest[number] = (key, label)
            self.dump.add("poem.probe", fields | {"nameversion": label, "datetime": time})

    def add_metrics(self):
        """Adds the metrics. One in ten is passive; three in ten have a second version."""
        for number, name in enumerate(self.metrics):
            self.dump.add("poem.metrics", {"name": name})
            passive = number % 10 == 9
            settings = self.settings(number, passive)
            executable = "" if passive else f"check_{DEEDS[number * 3 % len(DEEDS)].lower()}"
            parent = self.metrics[number - 1] if passive else ""
            probe, label = (None, "") if passive else self.newest[number % len(self.probes)]
            fields = {
                "name": name, "tag": [1, 1, 1, 1, 1, 1, 1, 1, 2, 3][number // 10 % 10], "mtype": 2 if passive else 1,
                "probeversion": label, "probekey": probe, "group": number % 3 + 1, "cloned": "",
                "parent": json.dumps([parent]) if parent else "",
                "probeexecutable": json.dumps([executable]) if executable else "",
            }
            for model, field in SECTIONS.items():
                pairs = settings.get(model, [])
                fields[field] = json.dumps([f"{key} {value}" for key, value in pairs]) if pairs else ""
            metric = self.dump.add("poem.metric", fields)
            for action in ["added", "changed"] if number % 10 < 3 else ["added"]:
                self.add_version("metric", metric, fields, name, action)
            for model, pairs in settings.items():
                for key, value in pairs:
                    self.dump.add(f"poem.{model}", {"key": key, "value": value, "metric": metric})
            for model, value in [("metricprobeexecutable", executable), ("metricparent", parent)]:
                if value:
                    self.dump.add(f"poem.{model}", {"metric": metric, "value": value})

    def settings(self, number, passive):
        if passive:
            return {"metricflags": [("PASSIVE", "1"), ("VO", "1")]}
        subject = SUBJECTS[number * 5 % len(SUBJECTS)]
        return {
            "metricconfig": [
                ("interval", self.random.choice(["5", "15", "60"])), ("maxCheckAttempts", "3"),
                ("path", f"/usr/libexec/argo-monitoring/probes/{self.namespace(number)}"), ("retryInterval", "3"),
                ("timeout", self.random.choice(["60", "120", "999"])),
            ],
            "metricattribute": [
                ("NAGIOS_HOST_CERT", "-C"), ("NAGIOS_HOST_KEY", "-K"), (f"{subject.upper()}_PORT", "--port"),
            ],
            "metricdependancy": [("hr.srce.CertLifetime-Check", "1"), ("org.nagios.Ping", "0")],
            "metricflags": [("OBSESS", "1"), ("VO", "1")],
            "metricfiles": [("CONF", f"/etc/{subject}.conf")],
            "metricparameter": [("--warning", str(number)), ("--critical", "50"), ("--vo", "ops")],
            "metricfileparameter": [("-f", f"/tmp/file{number}")],
        }

    def add_profiles(self):
        for number, name in enumerate(self.profiles):
            fields = {
                "name": name, "version": "1.0", "vo": "ops", "groupname": GROUPS[number % 3],
                "description": f"Profile number {number} of the large data set.",
            }
            profile = self.dump.add("poem.profile", fields)
            self.log("profile", profile, name, "added", self.now())
            pairs = [(flavour, metric) for flavour in self.flavours[: self.tuples] for metric in self.metrics[: self.tuples]]
            for flavour, metric in sorted(self.random.sample(pairs, self.tuples)):
                fqan = self.random.choice([None, "/ops/Role=lcgadmin"])
                fields = {"profile": profile, "service_flavour": flavour, "metric": metric, "vo": "ops", "fqan": fqan}
                self.dump.add("poem.metricinstance", fields)

    def add_groups(self):
        members = {"probes": self.probes, "metrics": self.metrics, "profiles": self.profiles, "aggregations": []}
        for kind, names in members.items():
            for number, name in enumerate(GROUPS):
                keys = list(range(number + 1, len(names) + 1, 3))
                self.dump.add(f"poem.groupof{kind}", {"name": name, "permissions": [], kind: keys})

    def add_version(self, model, key, fields, name, action):
        """Adds a version with its revision and log entry; returns its key and time."""
        time = self.now()
        text = json.dumps([{"model": f"poem.{model}", "pk": key, "fields": fields}])
        message = json.dumps([{action: {}}])
        revision = self.dump.add("reversion.revision", {"date_created": time, "user": 1, "comment": message})
        content = {
            "revision": revision, "object_id": str(key), "content_type": CONTENT_TYPES.index(model) + 1,
            "db": "default", "format": "json", "serialized_data": text, "object_repr": name,
        }
        version = self.dump.add("reversion.version", content)
        if model == "probe":
            self.dump.add("poem.extrevision", {"version": fields["version"], "probeid": key, "revision": revision})
        self.log(model, key, name, action, time)
        return version, time

    def log(self, model, key, name, action, time):
        fields = {
            "action_time": time, "user": 1, "content_type": CONTENT_TYPES.index(model) + 1, "object_id": str(key),
            "object_repr": name, "action_flag": 1 if action == "added" else 2,
            "change_message": json.dumps([{action: {}}]),
        }
        self.dump.add("admin.logentry", fields)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=1, metavar="N", help="N times the rows")
    parser.add_argument("--small", action="store_true", help="the data of one of many small tenants")
    args = parser.parse_args()
    if args.small:
        tenant = Tenant(probes=5, metrics=15, profiles=2, tuples=20, vos=5, flavours=10, services=10)
    else:
        n = args.times
        tenant = Tenant(
            probes=150 * n, metrics=500 * n, profiles=40 * n, tuples=100, vos=400 * n, flavours=200 * n, services=300 * n
        )
    tenant.write(sys.stdout)


if __name__ == "__main__":
    main()
