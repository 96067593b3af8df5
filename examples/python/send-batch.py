"""Sends one letter to many:  python3 send-batch.py shop@example.org a@example.com b@example.com …

HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
"""

import json
import os
import sys
import urllib.error
import urllib.request
import uuid

sender, *recipients = sys.argv[1:]
request = urllib.request.Request(
    os.environ["HIKYAKU_URL"] + "/v1/messages/batch",
    headers={
        "Authorization": "Bearer " + os.environ["HIKYAKU_KEY"],
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    },
    data=json.dumps(
        {
            "from": sender,
            "subject": "Your points, {{ name }}",
            "text": "Dear {{ name }},\nyou have {{ points }} points.",
            "recipients": [
                {"to": each, "variables": {"name": each.split("@")[0], "points": 120}} for each in recipients
            ],
        }
    ).encode(),
)
try:
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
except urllib.error.HTTPError as error:
    problem = json.load(error)
    sys.exit(f"{problem['code']}: {problem['detail']} {problem.get('errors', [])}")
for each in answer["recipients"]:
    print(each.get("email", ""), each["status"])
