/** People of a scenario: owners by their links, and others whom owners make. */

import assert from 'node:assert/strict'

import { Browser } from './browser.ts'
import type { Rig } from './rig.ts'

export const PASSWORD = 'correct horse battery'

export type Person = Browser & { readonly email: string; readonly id: string }

let serial = 0

/** Who has just become an owner, and signed in. */
export async function owner(rig: Rig, organization = 'default'): Promise<Person> {
  const { url } = await rig.operations.ownerLink({ organization })
  const [, token = ''] = url.split('=')
  const browser = new Browser(rig.node.api)
  const email = `owner-${(serial += 1)}@example.com`
  const became = await browser.post('/v1/owner', { token, email, name: 'Ada', password: PASSWORD })
  assert.equal(became.status, 201, JSON.stringify(became.body))
  return signedIn(browser, email)
}

export async function signedIn(browser: Browser, email: string): Promise<Person> {
  const { status, body } = await browser.post('/v1/session', { email, password: PASSWORD })
  assert.equal(status, 201, JSON.stringify(body))
  const { id } = body['user'] as { id: string }
  return Object.assign(browser, { email, id })
}

/** Somebody whom `boss` has given that role. */
export async function member(rig: Rig, boss: Person, role: string): Promise<Person> {
  const { organization } = (await boss.get('/v1/session')).body as { organization: string }
  const person = await owner(rig, organization)
  if (role === 'owner') return person
  assert.equal((await boss.patch(`/v1/users/${person.id}`, { role })).status, 200)
  return signedIn(person, person.email)
}
