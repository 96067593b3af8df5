"""What has happened:  python3 read-events.py [cursor]

HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope events:read.
"""

import json
import os
import sys
import urllib.parse
import urllib.request

cursor = sys.argv[1] if len(sys.argv) > 1 else None
more = True
while more:
    query = urllib.parse.urlencode({"limit": 100, **({"cursor": cursor} if cursor else {})})
    request = urllib.request.Request(
        f"{os.environ['HIKYAKU_URL']}/v1/events?{query}",
        headers={"Authorization": "Bearer " + os.environ["HIKYAKU_KEY"]},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        page = json.load(response)
    for event in page["data"]:
        print(event["time"], event["kind"], event.get("recipient", ""))
    cursor, more = page["next"], page["more"]
# Keep it, and give it the next time: nothing is missed, and nothing told twice.
print("next:", cursor)
