// What has happened:  node read-events.mjs [cursor]
// HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope events:read. Node 20 or later.
const { HIKYAKU_URL, HIKYAKU_KEY } = process.env
let [cursor] = process.argv.slice(2)

for (let more = true; more; ) {
  const query = new URLSearchParams({ limit: '100', ...(cursor && { cursor }) })
  const response = await fetch(`${HIKYAKU_URL}/v1/events?${query}`, {
    headers: { authorization: `Bearer ${HIKYAKU_KEY}` },
  })
  const page = await response.json()
  if (!response.ok) throw new Error(`${page.code}: ${page.detail}`)
  for (const { time, kind, recipient = '' } of page.data) console.log(time, kind, recipient)
  cursor = page.next
  more = page.more
}
// Keep it, and give it the next time: nothing is missed, and nothing told twice.
console.log('next:', cursor)
