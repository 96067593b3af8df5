#!/bin/sh
# What has happened, a page at a time:  sh read-events.sh [cursor]
# HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope events:read.
# The answer has "next": give it as the cursor to go on, now while "more" is true, or tomorrow.
set -eu

curl --silent --show-error --fail-with-body --get "$HIKYAKU_URL/v1/events" \
  -H "Authorization: Bearer $HIKYAKU_KEY" \
  --data-urlencode 'limit=100' ${1:+--data-urlencode "cursor=$1"}
