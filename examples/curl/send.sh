#!/bin/sh
# Sends one message:  sh send.sh shop@example.org user@example.com
# HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
set -eu
from=$1 to=$2

# The number of an order is a better key: who asks again under it, after an answer that never came, sends nothing twice.
curl --silent --show-error --fail-with-body "$HIKYAKU_URL/v1/messages" \
  -H "Authorization: Bearer $HIKYAKU_KEY" \
  -H 'Content-Type: application/json' \
  -H "Idempotency-Key: example-$$-$(date +%s)" \
  --data-binary @- <<JSON
{
  "from": "Example shop <$from>",
  "to": "$to",
  "subject": "Your order",
  "text": "Thank you for your order.",
  "html": "<p>Thank you for <b>your order</b>.</p>",
  "tags": ["order"]
}
JSON
