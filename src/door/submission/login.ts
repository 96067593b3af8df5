/** The door's half of AUTH: the guard asked, the password looked up, the answer kept back from those who guess. */

import type { Event, Identity, LoginQuestion, Reply } from '#grammar/smtp'
import type { Credential } from '#product/account'

import type { Presence } from './census.ts'
import type { Door } from './door.ts'
import type { Subject } from './journal.ts'
import { addressKey } from './networks.ts'
import {
  ADDRESS_PUT_OFF,
  LOGIN_PUT_OFF,
  LOGIN_UNAVAILABLE,
  LOGIN_WRONG,
  TOO_MANY_OF_ORGANIZATION,
} from './refusals.ts'

/** `delay` in milliseconds, before the session hears of it. */
export type LoginAnswer = { readonly event: Event; readonly delay: number }

/** What a client of one address tries, one exchange at a time. */
export class Login {
  readonly #door: Door
  readonly #presence: Presence
  readonly #address: string
  readonly #subject: () => Subject
  /** Whom SCRAM asked for, until it is proved. */
  #scram: { readonly login: string; readonly credential: Credential | undefined } | undefined

  constructor(door: Door, presence: Presence, address: string, subject: () => Subject) {
    this.#door = door
    this.#presence = presence
    this.#address = addressKey(address)
    this.#subject = subject
  }

  /** Never rejects. */
  answer(question: LoginQuestion): LoginAnswer | Promise<LoginAnswer> {
    switch (question.ask) {
      case 'check':
        return this.#check(question.login, question.password)
      case 'lookup':
        return this.#lookup(question.login)
      case 'proved':
        return this.#proved()
      case 'failed':
        return this.#failed(question.why)
    }
  }

  async #check(login: string, password: string): Promise<LoginAnswer> {
    const refusal = this.#admit(login)
    if (refusal !== undefined) return refusal
    try {
      const credential = await this.#door.authenticator.password(login, password)
      return this.#judge(login, credential, 'wrong password or unknown login')
    } catch (error) {
      return this.#unavailable(error)
    }
  }

  async #lookup(login: string): Promise<LoginAnswer> {
    const refusal = this.#admit(login)
    if (refusal !== undefined) return refusal
    try {
      const { verifier, credential } = await this.#door.authenticator.scram(login)
      this.#scram = { login, credential }
      return { event: { kind: 'verifier', verifier }, delay: 0 }
    } catch (error) {
      return this.#unavailable(error)
    }
  }

  /** SCRAM's proof was right for the verifier; whether there is a credential behind it decides. */
  #proved(): LoginAnswer {
    const { login, credential } = this.#scram ?? { login: '', credential: undefined }
    this.#scram = undefined
    if (credential !== undefined) this.#door.authenticator.used(credential)
    return this.#judge(login, credential, 'unknown login')
  }

  #failed(why: string): LoginAnswer {
    const login = this.#scram?.login ?? ''
    this.#scram = undefined
    return this.#judge(login, undefined, why)
  }

  #admit(login: string): LoginAnswer | undefined {
    const admission = this.#door.guard.admit(this.#address, login)
    if (admission === 'admitted') return undefined
    this.#door.journal.loginFailed(this.#subject(), login, `too many failures of this ${admission}`)
    return denied(admission === 'address' ? ADDRESS_PUT_OFF : LOGIN_PUT_OFF, 0)
  }

  #judge(login: string, credential: Credential | undefined, why: string): LoginAnswer {
    const { guard, journal } = this.#door
    if (credential === undefined || credential.revokedAt !== undefined) {
      journal.loginFailed(this.#subject(), login, why)
      return denied(LOGIN_WRONG, guard.delay(this.#address, login))
    }
    guard.succeeded(this.#address, login)
    if (!this.#presence.for(credential.organization)) return denied(TOO_MANY_OF_ORGANIZATION, 0)
    return { event: { kind: 'granted', identity: identityOf(credential) }, delay: 0 }
  }

  #unavailable(error: unknown): LoginAnswer {
    this.#door.journal.failed(this.#subject(), error)
    return denied(LOGIN_UNAVAILABLE, 0)
  }
}

export function identityOf({ organization, stream, login }: Credential): Identity {
  return { organization, stream, login }
}

function denied(reply: Reply, delay: number): LoginAnswer {
  return { event: { kind: 'denied', reply }, delay }
}
