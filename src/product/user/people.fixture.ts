/** For tests: a control database with two organizations, and people who come to have accounts there. */

import assert from 'node:assert/strict'

import { serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'

import { testControl } from '../../../test/control.ts'
import type { ENGINES, TestControl } from '../../../test/control.ts'

import { createHasher, openUsers } from './index.ts'
import type { Current, Opened, Users } from './index.ts'

export const KEY = serverKey(Buffer.alloc(32, 7))
/** The least that argon2id takes. */
export const HASHER = createHasher({ memory: 8, passes: 1, parallelism: 1 })
export const PASSWORD = 'correct horse battery'
export const HOUR = 3_600_000

type Owner = Extract<Opened, { ok: true }> & { readonly token: string }

export class People implements AsyncDisposable {
  now = Date.UTC(2026, 10, 22)
  readonly control: TestControl
  readonly users: Users
  #serial = 0

  private constructor(control: TestControl, open: (now: () => number) => Users) {
    this.control = control
    this.users = open(() => this.now)
  }

  /** In `acme` and `globex`, of which each has an owner who stays. */
  static async on(engine: (typeof ENGINES)[number]): Promise<People> {
    const control = await testControl(engine)
    const clock = { now: (): number => 0 }
    const accounts = await openAccounts(control.open(), KEY, () => clock.now())
    const users = await openUsers(control.open(), KEY, { now: () => clock.now(), hasher: HASHER })
    const people = new People(control, (now) => {
      clock.now = now
      return users
    })
    for (const name of ['acme', 'globex']) await accounts.addOrganization(name)
    for (const name of ['acme', 'globex']) await people.owner(name)
    return people
  }

  newEmail(): string {
    return `person-${(this.#serial += 1)}@example.com`
  }

  /** A new owner, by a link. */
  async owner(organization = 'acme', email = this.newEmail()): Promise<Owner> {
    const token = await this.users.makeOwnerLink(organization)
    const owner = { email, name: 'Ada', language: 'ja', password: PASSWORD } as const
    const opened = await this.users.openOwnerLink(token, owner)
    assert.ok(opened.ok)
    return { ...opened, token }
  }

  /** Each from an address of their own, so that tests do not wait for each other. */
  signIn(email: string, password = PASSWORD, organization?: string): ReturnType<Users['signIn']> {
    const address = `address-${(this.#serial += 1)}`
    const more = organization === undefined ? {} : { organization }
    return this.users.signIn({ email, password, address, agent: 'Firefox', ...more })
  }

  async session(email: string): Promise<{ token: string; current: Current }> {
    const signedIn = await this.signIn(email)
    assert.ok(signedIn.ok)
    const current = await this.users.current(signedIn.token)
    assert.ok(current)
    return { token: signedIn.token, current }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.control[Symbol.asyncDispose]()
  }
}
