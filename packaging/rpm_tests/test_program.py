"""What the packaged program finds on CentOS: the authorities of the system, and no configuration of the machine that built
it."""

import http.server
import os
import ssl
import tempfile
import threading
import unittest

from install_root import Base, libraries
from old_poem import CONF_FILE
from package import Package, run

BUNDLE = "/etc/pki/tls/certs/ca-bundle.crt"
# A configuration that asks for a provider that does not exist: a program that reads it cannot use TLS.
BAD_OPENSSL_CONF = "openssl_conf = x\nconfig_diagnostics = 1\n[x]\nproviders = y\n[y]\nnonsense = z\n[z]\nmodule = /none.so\nactivate = 1\n"
SAML = "\n[SAML]\nMetadata = /tmp/metadata.xml\nBaseUrl = https://localhost\n"


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers with a document that is no metadata."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<x/>")

    def log_message(self, *_):
        pass


class ProgramTest(unittest.TestCase):
    """Only of a program with OpenSSL inside: another one has the places of the machine that it was built on."""

    @classmethod
    def setUpClass(cls):
        cls.package = Package(os.environ["POEM_RPM"])
        with cls.package.unpack("/usr/bin/poem") as unpacked:
            if any("libssl" in library for library in libraries(unpacked + "/usr/bin/poem")):
                raise unittest.SkipTest("the program has no OpenSSL inside, so it is none for CentOS 7")
        cls.base = Base([cls.package])

    @classmethod
    def tearDownClass(cls):
        cls.base.remove()

    def test_the_authorities_of_the_system_are_found_without_a_variable(self):
        with self.base.root() as root, tempfile.TemporaryDirectory() as directory:
            root.dnf("install", "poem")
            root.write(CONF_FILE, root.read(CONF_FILE) + SAML)
            root.write("/etc/nsswitch.conf", "hosts: files\n")
            port = self.serve(directory)
            fetch = f"poem-saml fetch -n egi https://localhost:{port}/metadata.xml"
            # Not as root, who would need /proc.
            self.assertIn("certificate", root.run(fetch, user="apache").stdout)
            with open(directory + "/authority.pem", encoding="utf-8") as authority:
                root.write(BUNDLE, authority.read())
            self.assertIn("not SAML metadata", root.run(fetch, user="apache").stdout)
            root.write("/etc/pki/tls/openssl.cnf", BAD_OPENSSL_CONF)
            self.assertIn("not SAML metadata", root.run(fetch, user="apache").stdout)

    def serve(self, directory):
        """Serves over TLS with a certificate of an authority of its own; returns the port."""
        def openssl(*arguments):
            run("openssl", *arguments, cwd=directory)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=An authority", "-days", "2", "-keyout", "authority.key",
                "-out", "authority.pem")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem")
        with open(directory + "/extensions", "w", encoding="utf-8") as file:
            file.write("subjectAltName=DNS:localhost\n")
        openssl("x509", "-req", "-in", "request.pem", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2",
                "-extfile", "extensions", "-out", "certificate.pem")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory + "/certificate.pem", directory + "/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_port
