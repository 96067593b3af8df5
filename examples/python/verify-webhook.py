"""Takes webhooks that are ours:  PORT=8000 python3 verify-webhook.py

HIKYAKU_WEBHOOK_SECRET is what the webhook was answered with when it was made: whsec_…
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import time

KEY = base64.b64decode(os.environ["HIKYAKU_WEBHOOK_SECRET"].removeprefix("whsec_"))


def is_ours(headers, body):
    sent = headers.get("webhook-timestamp", "")
    if not sent.isdecimal() or abs(time.time() - int(sent)) >= 300:
        return False
    signed = f"{headers.get('webhook-id')}.{sent}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    signatures = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in signatures)


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        # The body as it came, before anything reads it.
        body = self.rfile.read(int(self.headers["content-length"]))
        ours = is_ours(self.headers, body)
        for event in json.loads(body)["data"].get("events", []) if ours else []:
            print(event["kind"], event.get("recipient", ""), flush=True)
        self.send_response(204 if ours else 401)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Receiver)
print("listening on", server.server_port, flush=True)
server.serve_forever()
