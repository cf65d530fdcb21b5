#!/usr/bin/env python3
"""An identity provider with pysaml2, for `make test-saml-peers`. It asks for no password: everybody is Ana.

    idp.py PORT DIRECTORY SIGNED

DIRECTORY has key.pem, cert.pem and sp.xml, the metadata of the service provider. SIGNED is what is signed: `response`,
`assertion`, `both` or `none`. The tests are in tests/it/federated_login/pysaml2.rs.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_TRANSIENT
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

PORT, DIRECTORY, SIGNED = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
BASE = f"http://127.0.0.1:{PORT}"
PEOPLE = json.loads((Path(__file__).parent.parent / "simplesamlphp/people.json").read_text())["people"]
CONFIGURATION = IdPConfig().load({
    "entityid": f"{BASE}/metadata",
    "key_file": str(DIRECTORY / "key.pem"),
    "cert_file": str(DIRECTORY / "cert.pem"),
    "metadata": {"local": [str(DIRECTORY / "sp.xml")]},
    "service": {"idp": {
        "endpoints": {"single_sign_on_service": [(f"{BASE}/sso", BINDING_HTTP_REDIRECT)]},
        "name_id_format": [NAMEID_FORMAT_TRANSIENT],
        "policy": {"default": {
            "lifetime": {"minutes": 5}, "attribute_restrictions": None, "name_form": NAME_FORMAT_URI,
            "fail_on_missing_requested": False,
        }},
    }},
})
SERVER = Server(config=CONFIGURATION)


def respond(query):
    """Returns the page with the form that takes the response to the service provider."""
    request = SERVER.parse_authn_request(query["SAMLRequest"][0], BINDING_HTTP_REDIRECT)
    arguments = SERVER.response_args(request.message, [BINDING_HTTP_POST])
    # create_authn_response does not take it.
    arguments.pop("binding")
    response = SERVER.create_authn_response(
        PEOPLE["ana"], userid="ana", authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
        sign_response=SIGNED in ("response", "both"), sign_assertion=SIGNED in ("assertion", "both"),
        sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256, **arguments)
    relay_state = query.get("RelayState", [""])[0]
    page = SERVER.apply_binding(
        BINDING_HTTP_POST, str(response), arguments["destination"], relay_state, response=True)
    return page["data"]


class Handler(BaseHTTPRequestHandler):
    """Serves the metadata and the logins."""

    def do_GET(self):
        address = urlsplit(self.path)
        if address.path == "/sso":
            body = respond(parse_qs(address.query))
        else:
            body = create_metadata_string(None, config=CONFIGURATION)
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if address.path == "/sso" else "application/samlmetadata+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
