#!/bin/sh
# Sends a message with a file:  sh send-with-attachment.sh shop@example.org user@example.com invoice.pdf
# HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
set -eu
from=$1 to=$2 file=$3

# As a form the file goes as it is; in JSON it would go in base64.
curl --silent --show-error --fail-with-body "$HIKYAKU_URL/v1/messages" \
  -H "Authorization: Bearer $HIKYAKU_KEY" \
  -F "message={\"from\":\"$from\",\"to\":\"$to\",\"subject\":\"Your invoice\",\"text\":\"It is attached.\"}" \
  -F "attachments=@$file"
