"""Sends one message:  python3 send.py shop@example.org user@example.com

HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
"""

import json
import os
import sys
import urllib.error
import urllib.request
import uuid

sender, recipient = sys.argv[1:3]
request = urllib.request.Request(
    os.environ["HIKYAKU_URL"] + "/v1/messages",
    headers={
        "Authorization": "Bearer " + os.environ["HIKYAKU_KEY"],
        "Content-Type": "application/json",
        # The number of an order is better: who asks again under it, after an answer that never came, sends nothing twice.
        "Idempotency-Key": str(uuid.uuid4()),
    },
    data=json.dumps(
        {
            "from": {"email": sender, "name": "Example shop"},
            "to": recipient,
            "subject": "Your order",
            "text": "Thank you for your order.",
            "html": "<p>Thank you for <b>your order</b>.</p>",
            "tags": ["order"],
        }
    ).encode(),
)
try:
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
except urllib.error.HTTPError as error:
    problem = json.load(error)
    sys.exit(f"{problem['code']}: {problem['detail']} {problem.get('errors', [])}")
print(answer["id"])
for each in answer["recipients"]:
    print(each["email"], each["status"])
