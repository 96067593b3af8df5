#!/bin/sh
# Whether a webhook is ours:  sh verify-webhook.sh "$webhook_id" "$webhook_timestamp" "$webhook_signature" < body
# HIKYAKU_WEBHOOK_SECRET is what the webhook was answered with when it was made: whsec_…
set -eu
id=$1 timestamp=$2 signatures=$3

age=$(($(date +%s) - timestamp))
[ "${age#-}" -lt 300 ] || { echo 'too old' >&2; exit 1; }

key=$(printf %s "${HIKYAKU_WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
# The body as it came, to the octet: not through a variable, which would lose the end of it.
expected=v1,$({ printf '%s.%s.' "$id" "$timestamp"; cat; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

for signature in $signatures; do
  [ "$signature" = "$expected" ] && echo 'ours' && exit 0
done
echo 'not signed by us' >&2
exit 1
