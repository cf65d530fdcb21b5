#!/usr/bin/env python3
"""Prints a feed of services as poem-syncservices reads it.

    benchmark/service_feed.py COUNT [VERSION]

VERSION is in the names of every second service: with another one, half of the feed has changed.
"""

import json
import sys


def service(number, version):
    return {
        "id": f"{number:08}", "service_id": f"service-{number}",
        "service_name": f"Service {number}" + (f" ({version})" if number % 2 else ""),
        "service_area": f"Area {number % 50}", "service_version": "1.0", "service_type": f"org.example.type-{number % 400}",
        "component_version": "2.1", "component_name": f"component-{number % 7}", "visible_to_marketplace": True,
        "in_catalogue": True, "external_service": False, "internal_service": number % 3 == 0,
    }


def main():
    count, version = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "1"
    json.dump([service(number, version) for number in range(count)], sys.stdout)


if __name__ == "__main__":
    main()
