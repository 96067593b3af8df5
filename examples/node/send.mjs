// Sends one message:  node send.mjs shop@example.org user@example.com
// HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send. Node 20 or later.
import { randomUUID } from 'node:crypto'

const { HIKYAKU_URL, HIKYAKU_KEY } = process.env
const [from, to] = process.argv.slice(2)

const response = await fetch(`${HIKYAKU_URL}/v1/messages`, {
  method: 'POST',
  headers: {
    authorization: `Bearer ${HIKYAKU_KEY}`,
    'content-type': 'application/json',
    // The number of an order is better: who asks again under it, after an answer that never came, sends nothing twice.
    'idempotency-key': randomUUID(),
  },
  body: JSON.stringify({
    from: { email: from, name: 'Example shop' },
    to,
    subject: 'Your order',
    text: 'Thank you for your order.',
    html: '<p>Thank you for <b>your order</b>.</p>',
    tags: ['order'],
  }),
})
const answer = await response.json()
if (!response.ok) throw new Error(`${answer.code}: ${answer.detail} ${JSON.stringify(answer.errors ?? [])}`)
console.log(answer.id)
for (const { email, status } of answer.recipients) console.log(email, status)
