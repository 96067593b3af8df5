"""Sends a message with a file:  python3 send-with-attachment.py shop@example.org user@example.com invoice.pdf

HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
"""

import base64
import json
import os
import pathlib
import sys
import urllib.error
import urllib.request

sender, recipient = sys.argv[1:3]
file = pathlib.Path(sys.argv[3])
request = urllib.request.Request(
    os.environ["HIKYAKU_URL"] + "/v1/messages",
    headers={
        "Authorization": "Bearer " + os.environ["HIKYAKU_KEY"],
        "Content-Type": "application/json",
    },
    data=json.dumps(
        {
            "from": sender,
            "to": recipient,
            "subject": "Your invoice",
            "text": "It is attached.",
            "attachments": [{"name": file.name, "content": base64.b64encode(file.read_bytes()).decode()}],
        }
    ).encode(),
)
try:
    with urllib.request.urlopen(request, timeout=60) as response:
        print(json.load(response)["id"])
except urllib.error.HTTPError as error:
    problem = json.load(error)
    sys.exit(f"{problem['code']}: {problem['detail']} {problem.get('errors', [])}")
