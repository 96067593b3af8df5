/** Servers that do STARTTLS, or do it badly. */

import type { Client, Script } from './scripted-server.fixture.ts'

export async function serve(client: Client): Promise<void> {
  for (;;) {
    const line = await client.line()
    if (line === 'QUIT') return client.say('221 bye')
    client.say(line === 'DATA' ? '354 go' : '250 OK')
    if (line === 'DATA') {
      await client.content()
      client.say('250 2.0.0 queued')
    }
  }
}

/** Offers STARTTLS, and under TLS what `offers` says. */
export function startsTls(pem: string, ...offers: readonly string[]): Script {
  return async (client) => {
    client.say('220 mx')
    await client.expect('EHLO')
    client.say('250-mx', '250 STARTTLS')
    await client.expect('STARTTLS')
    client.say('220 go ahead')
    client.secure(pem, pem)
    await client.expect('EHLO')
    client.say('250-mx', ...offers.map((offer) => `250-${offer}`), '250 X-END')
    await serve(client)
  }
}

/** Offers none: somebody between may have taken it out. */
export const stripped: Script = async (client) => {
  client.say('220 mx')
  await client.expect('EHLO')
  client.say('250 mx')
  await client.expect('QUIT')
}

/** Answers the handshake with nonsense. */
export const breaking: Script = async (client) => {
  client.say('220 mx')
  await client.expect('EHLO')
  client.say('250-mx', '250 STARTTLS')
  await client.expect('STARTTLS')
  client.raw('220 go ahead\r\n')
  await client.octets(5)
  client.raw('this is no TLS at all')
  await client.gone
}
