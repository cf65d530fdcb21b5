#!/usr/bin/env python3
"""Starts a server, repeats a request until it is answered with 200, stops the server, and prints the milliseconds.

    benchmark/first_answer.py PORT PATH TOKEN COMMAND…
"""

import http.client
import subprocess
import sys
import time

TIMEOUT = 20


def answers(port, path, token):
    """Checks whether a complete response with status 200 comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers={"Host": "localhost", "X-API-KEY": token, "Accept-Encoding": "gzip"})
        response = connection.getresponse()
        response.read()
        return response.status == 200
    except OSError:
        return False
    finally:
        connection.close()


def main():
    port, path, token, command = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    started = time.monotonic()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not answers(port, path, token):
            if server.poll() is not None or time.monotonic() - started > TIMEOUT:
                sys.exit("the server did not answer")
            time.sleep(0.001)
        print(f"{(time.monotonic() - started) * 1000:.1f}")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
