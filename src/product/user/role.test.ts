import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SCOPES } from '#product/account'

import { mayGive, ROLES, scopesOf } from './index.ts'
import type { Giver, Role } from './index.ts'

function giver(role: Role): Giver {
  return { role, scopes: scopesOf(role) }
}

test('each role may do something of its own, and none more than an owner', () => {
  const kinds = ROLES.map((role) => scopesOf(role).toSorted().join())
  // Owners and admins differ in who they may make.
  assert.equal(new Set(kinds).size, ROLES.length - 1)
  for (const role of ROLES) for (const scope of scopesOf(role)) assert.ok(SCOPES.includes(scope))
})

test('only an owner makes an owner; nobody gives what they have not', () => {
  assert.equal(mayGive(giver('owner'), 'owner'), true)
  assert.equal(mayGive(giver('admin'), 'owner'), false)
  assert.equal(mayGive(giver('admin'), 'admin'), true)
  assert.equal(mayGive({ scopes: SCOPES }, 'owner'), false)
  assert.equal(mayGive({ scopes: scopesOf('developer') }, 'admin'), false)
  assert.equal(mayGive({ scopes: scopesOf('developer') }, 'marketer'), true)
  assert.equal(mayGive({ scopes: ['users:write'] }, 'read-only'), false)
})

test('who only reads changes nothing', () => {
  for (const role of ['analyst', 'read-only'] as const)
    assert.ok(scopesOf(role).every((scope) => scope.endsWith(':read')))
})
