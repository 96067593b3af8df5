/**
 * Who a connection is with, as far as it is known: the peer of the socket, or whom a PROXY header or XCLIENT names;
 * what it is counted as, and how it logs in.
 */

import type { Socket } from 'node:net'

import type { Action, Event, Identity, LoginQuestion, ProxyHeader, Reply } from '#grammar/smtp'

import { Presence } from './census.ts'
import { trustedAs } from './door.ts'
import type { Door, Policy } from './door.ts'
import type { Subject } from './journal.ts'
import { Login } from './login.ts'
import type { LoginAnswer } from './login.ts'
import { addressKey, plainAddress } from './networks.ts'
import { behindBalancer, behindProxy, proxied, vouchedFor } from './proxied.ts'
import type { Who } from './proxied.ts'
import { TOO_MANY_FROM_ADDRESS, TOO_MANY_OF_ORGANIZATION } from './refusals.ts'
import { STRANGER } from './strangers.ts'

/** What becomes of a connection whose client XCLIENT names: the session hears of it, or it is one too many. */
export type Renamed =
  | { readonly mayStay: true; readonly event: Event }
  | { readonly mayStay: false; readonly reply: Reply }

export class Client {
  readonly #door: Door
  readonly #policy: Policy
  readonly #presence: Presence
  readonly #subject: () => Subject
  #who: Who
  #login: Login | undefined

  /** `subject` is asked when something is to be logged. */
  constructor(door: Door, policy: Policy, socket: Socket, subject: () => Subject) {
    this.#door = door
    this.#policy = policy
    this.#presence = new Presence(door.census)
    this.#subject = subject
    const { remoteAddress, remotePort } = socket
    this.#who = {
      address: plainAddress(remoteAddress),
      ...(remotePort === undefined ? {} : { port: remotePort }),
    }
  }

  get address(): string {
    return this.#who.address
  }

  /** For a Received field: the client's address, and what a proxy said of its name. Postfix writes `unknown` as well. */
  get origin(): { readonly address: string; readonly name?: string } {
    const { address, name } = this.#who
    return name === undefined ? { address } : { address, name: name ?? 'unknown' }
  }

  /** For whom it sends by its address alone. */
  get trusted(): Identity | undefined {
    return trustedAs(this.#policy, this.#who.isUnknown === true ? undefined : this.#who.address)
  }

  /** A PROXY header came; without addresses the balancer speaks for itself. */
  balanced({ client }: ProxyHeader): void {
    if (client === undefined) return
    this.#who = behindBalancer(this.#who, client)
    this.#door.journal.proxied(this.#subject())
  }

  /** Counts it; false when there are too many of its address. */
  arrive(): boolean {
    return this.#presence.from(addressKey(this.#who.address))
  }

  /** XCLIENT came. Rejects when the login it names cannot be looked up. */
  async becomes(said: Extract<Action, { kind: 'xclient' }>['attributes']): Promise<Renamed> {
    const { journal } = this.#door
    const login = said.login ?? undefined
    const identity = login === undefined ? undefined : await vouchedFor(this.#door, login)
    this.#who = behindProxy(this.#who, said)
    this.#login = undefined
    journal.proxied(this.#subject())
    if (login !== undefined && identity === undefined)
      journal.loginFailed(this.#subject(), login, 'unknown login, by the word of a proxy')
    if (!this.arrive()) return { mayStay: false, reply: TOO_MANY_FROM_ADDRESS }
    if (identity !== undefined && !this.#presence.for(identity.organization))
      return { mayStay: false, reply: TOO_MANY_OF_ORGANIZATION }
    return { mayStay: true, event: proxied(said, this.trusted, identity) }
  }

  identify(question: LoginQuestion): LoginAnswer | Promise<LoginAnswer> {
    this.#login ??= new Login(this.#door, this.#presence, this.#who.address, this.#subject)
    return this.#login.answer(question)
  }

  /** What a line of the log says of it. The port tells clients behind one address apart. RFC 6302 §2 */
  subject(tls: string | undefined, identity: Identity | undefined): Subject {
    const { address, isUnknown: _isUnknown, name, ...others } = this.#who
    return {
      listener: this.#policy.listener.name,
      client: address,
      ...others,
      ...(name === undefined ? {} : { name: name ?? 'unknown' }),
      ...(tls === undefined ? {} : { tls }),
      ...(identity === undefined || identity === STRANGER ? {} : { organization: identity.organization }),
      ...(identity?.login === undefined ? {} : { credential: identity.login }),
    }
  }

  leave(): void {
    this.#presence.leave()
  }
}
