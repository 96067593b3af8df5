// Takes webhooks that are ours:  PORT=8000 node verify-webhook.mjs
// HIKYAKU_WEBHOOK_SECRET is what the webhook was answered with when it was made: whsec_…  Node 20 or later.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

const { HIKYAKU_WEBHOOK_SECRET, PORT = '8000' } = process.env
const key = Buffer.from(HIKYAKU_WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64')

function isOurs(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures = '' } = headers
  if (!(Math.abs(Date.now() / 1000 - Number(time)) < 300)) return false
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`)
  return signatures.split(' ').some((one) => {
    const given = Buffer.from(one)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

const server = createServer(async (request, response) => {
  // The body as it came, before anything reads it.
  const body = await text(request)
  if (!isOurs(request.headers, body)) return response.writeHead(401).end()
  for (const { kind, recipient = '' } of JSON.parse(body).data.events ?? []) console.log(kind, recipient)
  response.writeHead(204).end()
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${server.address().port}`))
