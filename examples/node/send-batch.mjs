// Sends one letter to many:  node send-batch.mjs shop@example.org a@example.com b@example.com …
// HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send. Node 20 or later.
import { randomUUID } from 'node:crypto'

const { HIKYAKU_URL, HIKYAKU_KEY } = process.env
const [from, ...recipients] = process.argv.slice(2)

const response = await fetch(`${HIKYAKU_URL}/v1/messages/batch`, {
  method: 'POST',
  headers: {
    authorization: `Bearer ${HIKYAKU_KEY}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  },
  body: JSON.stringify({
    from,
    subject: 'Your points, {{ name }}',
    text: 'Dear {{ name }},\nyou have {{ points }} points.',
    recipients: recipients.map((to) => ({ to, variables: { name: to.split('@')[0], points: 120 } })),
  }),
})
const answer = await response.json()
if (!response.ok) throw new Error(`${answer.code}: ${answer.detail} ${JSON.stringify(answer.errors ?? [])}`)
for (const { email, status } of answer.recipients) console.log(email, status)
