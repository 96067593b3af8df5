/** SendGrid's request, and its errors. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { bench, NOW, recipientsOf } from './api.fixture.ts'
import type { Bench, Told } from './api.fixture.ts'

const MAIL = {
  personalizations: [{ to: [{ email: 'a@example.com', name: 'A' }] }],
  from: { email: 'shop@example.org', name: 'Shop' },
  subject: 'Hello',
  content: [{ type: 'text/plain', value: 'Hi' }],
}

function fieldsOf({ body }: Told): readonly unknown[] {
  return (body['errors'] as readonly { field: unknown }[]).map(({ field }) => field)
}

suite("SendGrid's mail/send", () => {
  let api: Bench
  before(async () => {
    api = await bench()
  })
  after(async () => {
    await api[Symbol.asyncDispose]()
  })

  function send(more: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
    api.submissions.length = 0
    api.answers.length = 0
    return api.post('/v3/mail/send', { ...MAIL, ...more }, headers)
  }

  test('each personalization is a message, with its own recipients, subject, headers, time and texts', async () => {
    const { status, headers } = await send({
      personalizations: [
        {
          to: [{ email: 'a@example.com' }],
          bcc: [{ email: 'b@example.com' }],
          substitutions: { '-name-': 'Ada' },
        },
        {
          to: [{ email: 'c@example.com' }],
          subject: 'For -name-',
          substitutions: { '-name-': '$& -name-' },
          headers: { 'X-Order': '7' },
          send_at: NOW / 1000 + 60,
        },
      ],
      content: [{ type: 'text/plain', value: 'Dear -name-,' }],
    })
    assert.equal(status, 202)
    assert.ok(headers['x-message-id'])
    const [first, second] = api.submissions
    assert.ok(first && second)
    assert.deepEqual(recipientsOf(first), ['a@example.com', 'b@example.com'])
    assert.match(String(first.content), /Dear Ada,/)
    assert.match(String(second.content), /Subject: For \$& -name-\r\nX-Order: 7/)
    assert.match(String(second.content), /Dear \$& -name-,/)
    assert.deepEqual([first.holdUntil, second.holdUntil], [undefined, NOW + 60_000])
  })

  test('categories are tags, and custom arguments metadata, those of a personalization first', async () => {
    const to = [{ email: 'a@example.com' }]
    const personalizations = [{ to, custom_args: { who: 'a' } }, { to }]
    await send({ categories: ['news', 'news'], custom_args: { order: '7', who: 'x' }, personalizations })
    assert.deepEqual(
      api.submissions.map(({ labels }) => labels),
      [
        { tags: ['news'], metadata: { order: '7', who: 'a' } },
        { tags: ['news'], metadata: { order: '7', who: 'x' } },
      ],
    )
    const entry = api.logged.lines.findLast(({ event }) => event === 'message.accepted')
    assert.deepEqual(entry?.fields['tags'], ['news'])
  })

  const REFUSED: readonly (readonly [string, object, string])[] = [
    ['a template of theirs', { template_id: 'd-1' }, 'template_id'],
    ['an unsubscribe group', { asm: { group_id: 1 } }, 'asm'],
    ['a pool', { ip_pool_name: 'x' }, 'ip_pool_name'],
    ['a batch', { batch_id: 'x' }, 'batch_id'],
    ['sections', { sections: { a: 'b' } }, 'sections'],
    [
      'tracking of plain text',
      { tracking_settings: { click_tracking: { enable: true, enable_text: true } } },
      'tracking_settings.click_tracking.enable_text',
    ],
    [
      'the data of a template',
      { personalizations: [{ to: [{ email: 'a@example.com' }], dynamic_template_data: {} }] },
      'personalizations.0.dynamic_template_data',
    ],
    [
      'no address',
      { personalizations: [{ to: [{ email: 'a@example.com' }, { email: 'nobody' }] }] },
      'personalizations.0.to.1',
    ],
    ['no subject', { subject: undefined }, 'subject'],
    ['a broken line in the subject', { subject: 'a\r\nBcc: b@example.com' }, 'subject'],
    [
      'a broken line by way of a substitution',
      {
        subject: '-x-',
        personalizations: [{ to: [{ email: 'a@example.com' }], substitutions: { '-x-': 'a\nb' } }],
      },
      'personalizations.0.substitutions',
    ],
    ['a field of ours', { headers: { 'Message-ID': '<a@b>' } }, 'headers.Message-ID'],
    ['a calendar', { content: [{ type: 'text/calendar', value: 'x' }] }, 'content.0.type'],
    ['no content', { content: [] }, 'content'],
    [
      'more than a thousand personalizations',
      { personalizations: Array.from({ length: 1001 }, () => ({ to: [{ email: 'a@example.com' }] })) },
      'personalizations',
    ],
    ['a time too far', { send_at: NOW }, 'send_at'],
  ]

  for (const [what, more, field] of REFUSED)
    test(`${what}: refused with its field, and nothing is sent`, async () => {
      const told = await send(more)
      assert.equal(told.status, 400)
      assert.deepEqual(fieldsOf(told), [field])
      assert.equal(api.submissions.length, 0)
    })

  test('what is tracked is what they say, and what they say nothing of is for the stream to say', async () => {
    const settings = {
      click_tracking: { enable: false, enable_text: false },
      open_tracking: { enable: true },
    }
    assert.equal((await send({ tracking_settings: settings })).status, 202)
    assert.deepEqual(api.submissions[0]?.labels?.tracking, { opens: true, clicks: false })
    assert.equal((await send({ tracking_settings: { open_tracking: {} } })).status, 202)
    assert.equal(api.submissions[1]?.labels?.tracking, undefined)
  })

  test('settings that are off are as good as none, and their sandbox sends nothing', async () => {
    const off = { enable: false }
    const settings = { click_tracking: { enable: false, enable_text: false }, open_tracking: off }
    assert.equal((await send({ tracking_settings: settings })).status, 202)
    const sandboxed = await send({ mail_settings: { sandbox_mode: { enable: true } } })
    assert.deepEqual([sandboxed.status, api.submissions.length], [200, 0])
  })

  test('who may not send is told in their form', async () => {
    const unknown = await send({}, { authorization: 'Bearer SG.wrong' })
    assert.deepEqual([unknown.status, fieldsOf(unknown)], [401, [null]])
    assert.equal((await send({}, { authorization: 'Bearer hk_reader' })).status, 403)
    assert.equal((await api.post('/v3/mail/send', '{')).status, 400)
  })

  test('a domain of others is refused; the suppressed are dropped, unless there is nobody else', async () => {
    const two = { personalizations: ['a', 'b'].map((name) => ({ to: [{ email: `${name}@example.com` }] })) }
    const answer = (...answers: Bench['answers']): Promise<Told> => {
      const sent = send(two)
      api.answers.push(...answers)
      return sent
    }
    const domain = { ok: false, why: 'domain', text: 'not yours' } as const
    const suppressed = { ok: false, why: 'suppressed', text: 'a@example.com is suppressed' } as const
    const strange = await answer(domain, domain)
    assert.deepEqual([strange.status, fieldsOf(strange)], [403, ['from']])
    assert.equal((await answer(suppressed)).status, 202)
    assert.equal((await answer(suppressed, suppressed)).status, 400)
  })

  test('when not all are taken, those that are not are named', async () => {
    const sent = send({
      personalizations: Array.from({ length: 27 }, (_, n) => ({ to: [{ email: `r${n}@example.com` }] })),
    })
    api.answers.push(
      { ok: true, id: '0sa94xg7r00', skipped: [] },
      { ok: false, why: 'unavailable', text: 'full' },
    )
    const told = await sent
    assert.equal(told.status, 503)
    assert.equal(told.headers['retry-after'], '30')
    assert.deepEqual(fieldsOf(told), ['personalizations.1', 'personalizations.25', 'personalizations.26'])
  })
})
