#!/usr/bin/env python3
"""Starts a server, asks it until it answers with 200, stops it, and prints the milliseconds between.

    benchmark/first_answer.py PORT PATH TOKEN COMMAND…
"""

import http.client
import subprocess
import sys
import time

PATIENCE = 20


def answers(port, path, token):
    """Whether a whole answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Host": "localhost", "X-API-KEY": token, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200
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
            if server.poll() is not None or time.monotonic() - started > PATIENCE:
                sys.exit("the server did not answer")
            time.sleep(0.001)
        print(f"{(time.monotonic() - started) * 1000:.1f}")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
