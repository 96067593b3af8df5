/**
 * Hosts that misbehave as a whole, as a table: by a label of the recipient's domain. Each has an address of its own in
 * 127.0.0.0/8, because what a host says first it says before it knows any recipient.
 */

import type { Extension } from '#grammar/smtp'

import type { Receiver } from '#engine/receiver'

export type Persona = {
  /** A label of the domain: `no-tls.example.com`, `anything.no-tls.test`. */
  readonly name: string
  readonly address: string
  readonly greets: 'at once' | 'never' | '421' | '554' | 'with a reset' | 'not at all: the port is closed'
  readonly without: readonly Extension[]
  /** False: EHLO gets 502, and only HELO works. */
  readonly ehlo: boolean
  /** STARTTLS is offered, and the handshake fails. */
  readonly brokenTls: boolean
  /** A known receiver: its limits and its words. */
  readonly receiver?: Receiver
  readonly en: string
  readonly ja: string
}

const usual = { greets: 'at once', without: [], ehlo: true, brokenTls: false } as const

export const ORDINARY: Persona = {
  ...usual,
  name: 'mx',
  address: '127.0.0.1',
  en: 'Takes everything',
  ja: 'すべて受理',
}

export const PERSONAS: readonly Persona[] = [
  {
    ...usual,
    name: 'drop-at-connect',
    address: '127.0.0.2',
    greets: 'with a reset',
    en: 'The connection is reset at once',
    ja: '接続直後に切断',
  },
  {
    ...usual,
    name: 'busy-at-connect',
    address: '127.0.0.3',
    greets: '421',
    en: '421 instead of a greeting',
    ja: '接続時に421',
  },
  {
    ...usual,
    name: 'no-service',
    address: '127.0.0.4',
    greets: '554',
    en: '554 instead of a greeting',
    ja: '接続時に554',
  },
  {
    ...usual,
    name: 'silent',
    address: '127.0.0.5',
    greets: 'never',
    en: 'Never says a word',
    ja: '何も応答しない',
  },
  {
    ...usual,
    name: 'no-tls',
    address: '127.0.0.6',
    without: ['STARTTLS'],
    en: 'No STARTTLS',
    ja: 'STARTTLSなし',
  },
  {
    ...usual,
    name: 'broken-tls',
    address: '127.0.0.7',
    brokenTls: true,
    en: 'STARTTLS is offered, the handshake fails',
    ja: 'TLSハンドシェイクに失敗',
  },
  {
    ...usual,
    name: 'no-8bit',
    address: '127.0.0.8',
    without: ['8BITMIME', 'BINARYMIME', 'SMTPUTF8', 'CHUNKING'],
    en: 'Seven bits only: no 8BITMIME, SMTPUTF8, CHUNKING',
    ja: '7ビットのみ（8BITMIME・SMTPUTF8・CHUNKINGなし）',
  },
  {
    ...usual,
    name: 'no-auth',
    address: '127.0.0.12',
    without: ['AUTH'],
    en: 'No AUTH',
    ja: 'AUTHなし',
  },
  {
    ...usual,
    name: 'no-smtputf8',
    address: '127.0.0.9',
    without: ['SMTPUTF8'],
    en: 'No SMTPUTF8',
    ja: 'SMTPUTF8なし',
  },
  {
    ...usual,
    name: 'no-ehlo',
    address: '127.0.0.10',
    ehlo: false,
    en: 'HELO only, no extension at all',
    ja: 'HELOのみ（拡張なし）',
  },
  {
    ...usual,
    name: 'closed',
    address: '127.0.0.11',
    greets: 'not at all: the port is closed',
    en: 'Nobody listens',
    ja: '接続拒否',
  },
]

const byName: ReadonlyMap<string, Persona> = new Map(PERSONAS.map((one) => [one.name, one]))

/** The persona of the first label that names one. `domain` in lower case. */
export function choosePersona(domain: string): Persona | undefined {
  for (const label of domain.split('.')) {
    const persona = byName.get(label)
    if (persona !== undefined) return persona
  }
  return undefined
}

/** The host of a known receiver: it greets like any other, and has its own mind about the rest. */
export function personaOf(receiver: Receiver): Persona {
  const { name, address } = receiver.personality
  return { ...usual, name, address, receiver, en: '', ja: '' }
}
