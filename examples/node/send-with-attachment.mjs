// Sends a message with a file:  node send-with-attachment.mjs shop@example.org user@example.com invoice.pdf
// HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send. Node 20 or later.
import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'

const { HIKYAKU_URL, HIKYAKU_KEY } = process.env
const [from, to, file] = process.argv.slice(2)

// As a form the file goes as it is; in JSON it would go in base64.
const form = new FormData()
form.set('message', JSON.stringify({ from, to, subject: 'Your invoice', text: 'It is attached.' }))
form.append('attachments', await openAsBlob(file), basename(file))

const response = await fetch(`${HIKYAKU_URL}/v1/messages`, {
  method: 'POST',
  headers: { authorization: `Bearer ${HIKYAKU_KEY}` },
  body: form,
})
const answer = await response.json()
if (!response.ok) throw new Error(`${answer.code}: ${answer.detail} ${JSON.stringify(answer.errors ?? [])}`)
console.log(answer.id)
