#!/bin/sh
# Sends one letter to many:  sh send-batch.sh shop@example.org a@example.com b@example.com …
# HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
set -eu
from=$1
shift

recipients=
for to in "$@"; do
  recipients="$recipients${recipients:+, }{\"to\": \"$to\", \"variables\": {\"name\": \"${to%%@*}\", \"points\": 120}}"
done

curl --silent --show-error --fail-with-body "$HIKYAKU_URL/v1/messages/batch" \
  -H "Authorization: Bearer $HIKYAKU_KEY" \
  -H 'Content-Type: application/json' \
  -H "Idempotency-Key: example-$$-$(date +%s)" \
  --data-binary @- <<JSON
{
  "from": "$from",
  "subject": "Your points, {{ name }}",
  "text": "Dear {{ name }},\nyou have {{ points }} points.",
  "recipients": [$recipients]
}
JSON
