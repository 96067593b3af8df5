import assert from 'node:assert/strict'
import { test } from 'node:test'

import { OPERATOR_SCOPES, SCOPES } from '#product/account'

import { mayGive, ROLES, scopesOf } from './index.ts'
import type { Giver, Role } from './index.ts'

const ORDINARY = new Set<string>(SCOPES)

function giver(role: Role): Giver {
  return { role, organization: 'acme', scopes: scopesOf(role, 'acme') }
}

test('each role may do something of its own, and none more than an owner', () => {
  const kinds = ROLES.map((role) => scopesOf(role, 'acme').toSorted().join())
  // Owners and admins differ in who they may make.
  assert.equal(new Set(kinds).size, ROLES.length - 1)
  for (const role of ROLES) for (const scope of scopesOf(role, 'acme')) assert.ok(ORDINARY.has(scope))
})

test('only an owner makes an owner; nobody gives what they have not', () => {
  assert.equal(mayGive(giver('owner'), 'owner'), true)
  assert.equal(mayGive(giver('admin'), 'owner'), false)
  assert.equal(mayGive(giver('admin'), 'admin'), true)
  assert.equal(mayGive({ organization: 'acme', scopes: SCOPES }, 'owner'), false)
  assert.equal(mayGive({ organization: 'acme', scopes: scopesOf('developer', 'acme') }, 'admin'), false)
  assert.equal(mayGive({ organization: 'acme', scopes: scopesOf('developer', 'acme') }, 'marketer'), true)
  assert.equal(mayGive({ organization: 'acme', scopes: ['users:write'] }, 'read-only'), false)
})

test('who only reads changes nothing', () => {
  for (const role of ['analyst', 'read-only'] as const)
    assert.ok(scopesOf(role, 'default').every((scope) => scope.endsWith(':read')))
})

test('owners and admins of the operator are operators, and nobody else is, nor makes one', () => {
  for (const role of ROLES) {
    const isOperator = role === 'owner' || role === 'admin'
    assert.equal(scopesOf(role, 'default').includes('operator:write'), isOperator, role)
    assert.ok(!scopesOf(role, 'acme').includes('operator:read'), role)
  }
  const organization = 'default'
  assert.equal(mayGive({ organization, scopes: SCOPES }, 'admin'), false)
  assert.equal(mayGive({ organization, scopes: [...SCOPES, ...OPERATOR_SCOPES] }, 'admin'), true)
  assert.equal(mayGive({ organization, scopes: SCOPES }, 'developer'), true)
})
