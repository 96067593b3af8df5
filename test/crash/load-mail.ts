/** The mail of the crash runs: its id is in the recipient and in a header field, its content follows from the id. */

import { createHash } from 'node:crypto'

/** Octets of the body, about those of an ordinary message. */
const BODY = 3_000

/** The domain of the sender, and that of the recipients. */
export const SENDER = 'client.example'
export const DOMAIN = 'sink.example'

/** As content for DATA, without the final dot; no line begins with one. */
export function contentOf(id: string): string {
  const line = `${createHash('sha256').update(id).digest('hex')} ${id}\r\n`
  const body = line.repeat(Math.ceil(BODY / line.length))
  return `From: <load@${SENDER}>\r\nTo: <${id}@${DOMAIN}>\r\nX-Crash-Id: ${id}\r\n\r\n${body}`
}

/** Whether what arrived is what was sent, whatever header fields were put before it. */
export function isWhole(id: string, received: string): boolean {
  const sent = contentOf(id)
  return received.slice(received.indexOf('\r\n\r\n')) === sent.slice(sent.indexOf('\r\n\r\n'))
}

export function idIn(received: string): string | undefined {
  return /^X-Crash-Id: (\S+)\r$/m.exec(received.slice(0, received.indexOf('\r\n\r\n') + 2))?.[1]
}
