/** Who a client behind a proxy is, by what PROXY or XCLIENT say of it. Whether the proxy may say so was decided before. */

import type { Action, Endpoint, Event, Identity } from '#grammar/smtp'

import type { Door } from './door.ts'
import { identityOf } from './login.ts'
import { plainAddress } from './networks.ts'

type Said = Extract<Action, { kind: 'xclient' }>['attributes']

/** A client as far as it is known. Ports are those of TCP. */
export type Who = {
  readonly address: string
  /** Absent when only a proxy could know it, and does not say it. */
  readonly port?: number
  /** In the DNS, where a proxy looked it up; `null`: it found none. */
  readonly name?: string | null
  /** Where the connection itself comes from, when what stands here is the word of a proxy. */
  readonly via?: string
  /** What the client connected to: the proxy's side, by its word. */
  readonly destination?: string
  readonly destinationPort?: number
  /** The proxy does not know the address: the one that stands here is the proxy's own, and grants nothing. */
  readonly isUnknown?: boolean
}

/** After a PROXY header. */
export function behindBalancer(proxy: Who, { source, destination }: Balanced): Who {
  return {
    address: plainAddress(source.address),
    port: source.port,
    via: proxy.address,
    destination: plainAddress(destination.address),
    destinationPort: destination.port,
  }
}

type Balanced = { readonly source: Endpoint; readonly destination: Endpoint }

/**
 * After XCLIENT. What it says nothing of stays as a proxy said it before, as one command may be too short for
 * everything; but name and port go with the address they were said of.
 */
export function behindProxy(before: Who, said: Said): Who {
  const known: Partial<Who> = before.via === undefined ? {} : before
  const isAnother = said.address !== undefined && said.address !== known.address
  return {
    address: typeof said.address === 'string' ? plainAddress(said.address) : before.address,
    via: before.via ?? before.address,
    ...nearSide(isAnother ? {} : known, said),
    ...farSide(known, said),
  }
}

function nearSide(known: Partial<Who>, said: Said): Pick<Who, 'port' | 'name' | 'isUnknown'> {
  const port = latest(said.port, known.port)
  const name = said.name === undefined ? known.name : said.name
  const isUnknown = said.address === null || (said.address === undefined && known.isUnknown === true)
  return {
    ...(port === undefined ? {} : { port }),
    ...(name === undefined ? {} : { name }),
    ...(isUnknown ? { isUnknown } : {}),
  }
}

function farSide(known: Partial<Who>, said: Said): Pick<Who, 'destination' | 'destinationPort'> {
  const destination = latest(said.destinationAddress, known.destination)
  const destinationPort = latest(said.destinationPort, known.destinationPort)
  return {
    ...(destination === undefined ? {} : { destination }),
    ...(destinationPort === undefined ? {} : { destinationPort }),
  }
}

/** `null` is that there is none. */
function latest<T>(said: T | null | undefined, known: T | undefined): T | undefined {
  return said === undefined ? known : (said ?? undefined)
}

/** For whom the client sends by the login that a proxy checked. Rejects when it cannot be looked up. */
export async function vouchedFor(door: Door, login: string): Promise<Identity | undefined> {
  const { credential } = await door.authenticator.scram(login)
  return credential === undefined || credential.revokedAt !== undefined ? undefined : identityOf(credential)
}

/** What the session is told of a client that XCLIENT names. */
export function proxied(said: Said, trusted: Identity | undefined, identity: Identity | undefined): Event {
  return {
    kind: 'proxied',
    ...(trusted === undefined ? {} : { trusted }),
    ...(identity === undefined ? {} : { identity }),
    ...(said.helo === undefined ? {} : { helo: said.helo }),
    ...(said.protocol === undefined ? {} : { protocol: said.protocol }),
  }
}
