/** For tests: two users, in memory. */

import type { Operations } from '#product/operation'
import type { Member } from '#product/user'

export function pretendUsers(now: number): Pick<Operations, 'users' | 'ownerLink' | 'audit'> {
  const owner: Member = {
    id: '0123456789abcdef',
    email: 'ada@example.org',
    name: 'Ada',
    language: 'en',
    createdAt: now,
    organization: 'default',
    role: 'owner',
    joinedAt: now - 3_600_000,
    signedInAt: now,
  }
  const { signedInAt: _, ...never } = owner
  const analyst: Member = {
    ...never,
    id: 'f',
    email: 'taro@example.org',
    name: '=\u001b[31m太郎',
    role: 'analyst',
  }
  return {
    audit: async ({ actor = 'ada@example.org' }) =>
      [
        {
          id: '0mi9rctc0000d4c3b2a1',
          at: now,
          organization: 'default',
          actor: 'ada@example.org',
          address: '192.0.2.1',
          action: 'user.change',
          subject: '0123456789abcdef',
          before: '{"role":"analyst"}',
          after: '{"role":"admin"}',
        },
      ].filter((entry) => entry.actor === actor),
    users: async () => [owner, analyst],
    ownerLink: async ({ organization }) => ({
      organization,
      url: 'http://127.0.0.1:8088/link#owner=once-only',
    }),
  }
}
