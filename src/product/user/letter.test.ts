import assert from 'node:assert/strict'
import { test } from 'node:test'

import { invitationLetter, LANGUAGES, resetLetter } from './index.ts'

test('letters are in both languages, those of the reader first, with the link on a line of its own', () => {
  const url = 'https://mail.example.org/link#invitation=abc'
  for (const language of LANGUAGES) {
    const letters = [
      invitationLetter(language, { organization: 'acme', by: 'ada@example.com', url }),
      resetLetter(language, { email: 'taro@example.com', url }),
    ]
    for (const { subject, text } of letters) {
      const [first = '', second = ''] = text.split(/\n-+\n/)
      assert.equal(/[ぁ-ん]/.test(subject + first), language === 'ja')
      assert.equal(/[ぁ-ん]/.test(second), language === 'en')
      for (const half of [first, second]) assert.ok(half.includes(`\n${url}\n`))
    }
  }
})
