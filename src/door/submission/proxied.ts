/** Who a client behind a proxy is, by what XCLIENT says of it. Whether the proxy may say so was decided before. */

import type { Action, Event } from '#grammar/smtp'

import { trustedAs } from './door.ts'
import type { Door, Policy } from './door.ts'
import { identityOf } from './login.ts'
import { plainAddress } from './networks.ts'

export type Said = Extract<Action, { kind: 'xclient' }>['attributes']

export type Proxied = { readonly address: string; readonly event: Event }

/** `address` is the one that held until now. Rejects when the login it names cannot be looked up. */
export async function proxied(door: Door, policy: Policy, address: string, said: Said): Promise<Proxied> {
  const client = typeof said.address === 'string' ? plainAddress(said.address) : address
  const trusted = trustedAs(policy, client)
  const login = said.login ?? undefined
  const found = login === undefined ? undefined : (await door.authenticator.scram(login)).credential
  return {
    address: client,
    event: {
      kind: 'proxied',
      ...(trusted === undefined ? {} : { trusted }),
      ...(found === undefined ? {} : { identity: identityOf(found) }),
      ...(typeof said.helo === 'string' ? { helo: said.helo } : {}),
    },
  }
}
