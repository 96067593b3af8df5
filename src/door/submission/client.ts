/**
 * Who a connection is with, as far as it is known: the peer of the socket, or whom a PROXY header or XCLIENT names;
 * what it is counted as, and how it logs in.
 */

import type { Socket } from 'node:net'

import type { Identity, LoginQuestion } from '#grammar/smtp'

import { Presence } from './census.ts'
import { trustedAs } from './door.ts'
import type { Door, Policy } from './door.ts'
import type { Subject } from './journal.ts'
import { Login } from './login.ts'
import type { LoginAnswer } from './login.ts'
import { addressKey, plainAddress } from './networks.ts'

export class Client {
  readonly #door: Door
  readonly #policy: Policy
  readonly #presence: Presence
  readonly #subject: () => Subject
  #address: string
  #login: Login | undefined

  /** `subject` is asked when something is to be logged. */
  constructor(door: Door, policy: Policy, socket: Socket, subject: () => Subject) {
    this.#door = door
    this.#policy = policy
    this.#presence = new Presence(door.census)
    this.#subject = subject
    this.#address = plainAddress(socket.remoteAddress)
  }

  get address(): string {
    return this.#address
  }

  /** For whom it sends by its address alone. */
  get trusted(): Identity | undefined {
    return trustedAs(this.#policy, this.#address)
  }

  /** From now on the client is the one of `address`; false when there are too many of it. */
  comesFrom(address: string): boolean {
    this.#address = address
    this.#login = undefined
    return this.#presence.from(addressKey(address))
  }

  identify(question: LoginQuestion): LoginAnswer | Promise<LoginAnswer> {
    this.#login ??= new Login(this.#door, this.#presence, this.#address, this.#subject)
    return this.#login.answer(question)
  }

  /** What a line of the log says of it. */
  subject(tls: string | undefined, identity: Identity | undefined): Subject {
    return {
      listener: this.#policy.listener.name,
      client: this.#address,
      ...(tls === undefined ? {} : { tls }),
      ...(identity === undefined ? {} : { organization: identity.organization }),
      ...(identity?.login === undefined ? {} : { credential: identity.login }),
    }
  }

  leave(): void {
    this.#presence.leave()
  }
}
