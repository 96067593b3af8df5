import assert from 'node:assert/strict'
import { test } from 'node:test'

import { unsubscribeFields } from '#engine/queue'
import { SpoolError } from '#engine/spool'

import { arf, DOMAIN, dsn, only, rig, SEAL, SECRET, UNKNOWN } from './feedback.fixture.ts'
import type { Rig } from './feedback.fixture.ts'

const AWAY = 'From: aki@example.com\nAuto-Submitted: auto-replied\nSubject: Away\n\nBack on Monday.\n'

test('a bounce is kept with its delivery, teaches of its recipient, and is passed on to the sender', async () => {
  const at = await rig()
  assert.equal(await at.comes(at.address('return-path'), dsn(UNKNOWN)), '250 2.0.0')
  const report = only(await at.reports())
  const { kind, host, status, text, bounce, notice } = report
  assert.deepEqual(
    { kind, host, status, text, class: bounce?.class, type: bounce?.type },
    {
      kind: 'bounce',
      host: 'store.example.com',
      status: '5.1.1',
      text: '550 5.1.1 No such user',
      class: 'user-unknown',
      type: 'hard',
    },
  )
  const learned = only(at.learned)
  assert.equal(learned.kind, 'bounced')
  assert.deepEqual(
    [learned.organization, learned.stream, learned.to.local, learned.evidence],
    ['acme', 'marketing', 'Aki', '550 5.1.1 No such user'],
  )
  const told = only(await at.made())
  assert.deepEqual([told.from, told.to], ['<>', 'shop@example.org'])
  assert.match(
    told.text,
    /^Final-Recipient: rfc822; ?Aki@example\.com\r\nAction: failed\r\nStatus: 5\.1\.1\r$/m,
  )
  assert.match(
    told.text,
    /^Remote-MTA: dns; ?store\.example\.com\r\nDiagnostic-Code: smtp; ?550 5\.1\.1 No such user\r$/m,
  )
  assert.equal(notice?.kind, 'sent')
  const { fields } = only(at.log.lines.filter(({ event }) => event === 'bounce.received'))
  assert.deepEqual(
    [fields['message'], fields['to'], fields['class'], fields['type'], fields['diagnostic']],
    [at.id, 'Aki@example.com', 'user-unknown', 'hard', '550 5.1.1 No such user'],
  )
  assert.deepEqual(at.counted, ['bounce', 'user-unknown'])
})

test('what comes twice, one after the other or at once, counts once', async () => {
  const at = await rig()
  const full = dsn('Final-Recipient: rfc822; aki@example.com\nAction: failed\nStatus: 5.2.2')
  const come = (): Promise<string> => at.comes(at.address('return-path'), full)
  assert.deepEqual(await Promise.all([come(), come()]), ['250 2.0.0', '250 2.0.0'])
  assert.equal(await come(), '250 2.0.0')
  assert.equal(at.learned.length, 1)
  assert.equal((await at.made()).length, 1)
  assert.deepEqual(at.counted, ['bounce', 'mailbox-full', 'repeated', 'repeated'])
})

test('only the delivery of the token is meant, whomever the report names beside it', async () => {
  const at = await rig()
  const others = 'Final-Recipient: rfc822; ceo@example.com\nAction: failed\nStatus: 5.2.2'
  await at.comes(at.address('return-path'), dsn(others, UNKNOWN))
  const learned = only(at.learned)
  assert.equal(learned.to.local, 'Aki')
  assert(learned.kind === 'bounced')
  assert.equal(learned.bounce.class, 'user-unknown')
})

test('a bounce of forwarded mail is one of the address that it was sent to', async () => {
  const at = await rig()
  await at.comes(at.address('return-path'), dsn(UNKNOWN.replace('aki@example.com', 'aki@old.example.net')))
  assert.equal(only(at.learned).to.domain, 'example.com')
})

test('a sender who wants to hear of nothing, or has no address, is told nothing', async () => {
  for (const options of [{ notify: 'never' }, { notify: ['success'] }, { from: null }] as const) {
    const at = await rig(options)
    assert.equal(await at.comes(at.address('return-path'), dsn(UNKNOWN)), '250 2.0.0')
    assert.deepEqual([(await at.made()).length, at.learned.length], [0, 1])
  }
})

test('what had failed here already was counted and told of then', async () => {
  const at = await rig({ state: 'bounced' })
  await at.comes(at.address('return-path'), dsn(UNKNOWN))
  assert.deepEqual([(await at.made()).length, at.learned.length], [0, 0])
  assert.equal(only(await at.reports()).kind, 'bounce')
})

test('delays and arrivals are kept, teach nothing, and are passed on to who asked for them', async () => {
  const late = dsn('Final-Recipient: rfc822; aki@example.com\nAction: delayed\nStatus: 4.4.1')
  const there = dsn('Final-Recipient: rfc822; aki@example.com\nAction: delivered\nStatus: 2.1.5')
  const silent = await rig()
  await silent.comes(silent.address('return-path'), late)
  await silent.comes(silent.address('return-path'), there)
  assert.deepEqual([(await silent.made()).length, silent.learned.length], [0, 0])
  assert.deepEqual((await silent.reports()).map(({ kind }) => kind).toSorted(), ['delay', 'success'])
  const at = await rig({ notify: ['success', 'delay'] })
  await at.comes(at.address('return-path'), late)
  assert.match(only(await at.made()).text, /^Action: delayed\r\nStatus: 4\.4\.1\r$/m)
  await at.comes(at.address('return-path'), there)
  assert.match((await at.made())[0]?.text ?? '', /^Action: delivered\r\nStatus: 2\.1\.5\r$/m)
  assert.equal(at.learned.length, 0)
})

test('a complaint is about the delivery of the address it came to', async () => {
  for (const purpose of ['complaint', 'return-path'] as const) {
    const at = await rig()
    assert.equal(await at.comes(at.address(purpose), arf('abuse', 'From: shop@example.org')), '250 2.0.0')
    const learned = only(at.learned)
    assert.deepEqual([learned.kind, learned.to.local], ['complained', 'Aki'])
    assert.match(learned.evidence, /^abuse/)
    assert.equal(only(await at.reports()).kind, 'complaint')
    assert.equal((await at.made()).length, 0)
  }
})

test('a complaint to the common address is about what it quotes, and about nothing without a token', async () => {
  const at = await rig()
  const fbl = { local: 'fbl', domain: DOMAIN }
  const { local } = at.address('return-path')
  await at.comes(fbl, arf('abuse', 'Return-Path: <aki@example.com>'))
  assert.deepEqual([at.learned.length, at.counted], [0, ['dropped']])
  await at.comes(fbl, arf('abuse', `Return-Path: <${local}@${DOMAIN}>`))
  assert.equal(only(at.learned).kind, 'complained')
})

test('who wants out is unsubscribed; what is no complaint of a reader changes nothing', async () => {
  const out = await rig()
  await out.comes(out.address('complaint'), arf('opt-out', 'From: shop@example.org'))
  assert.equal(only(out.learned).kind, 'unsubscribed')
  for (const type of ['not-spam', 'auth-failure']) {
    const at = await rig()
    await at.comes(at.address('complaint'), arf(type, 'From: shop@example.org'))
    assert.deepEqual([at.learned.length, await at.reports(), at.counted], [0, [], ['dropped']])
  }
})

test('whatever people write to the address for it is the wish to unsubscribe', async () => {
  for (const content of [
    'From: aki@example.com\nSubject: unsubscribe\n\n',
    'From: aki@example.com\n\nPlease!\n',
  ]) {
    const at = await rig()
    assert.equal(await at.comes(at.address('unsubscribe'), content), '250 2.0.0')
    assert.equal(only(at.learned).kind, 'unsubscribed')
    assert.equal(
      only(at.log.lines.filter(({ event }) => event === 'unsubscribe.received')).fields['stream'],
      'marketing',
    )
  }
})

/** The subject of the List-Unsubscribe field that the delivery had. */
async function sealedSubject(at: Rig): Promise<string> {
  const view = await at.spool.show(at.id)
  const delivery = view?.deliveries[0]?.delivery
  assert(view && delivery)
  const mail = { domain: DOMAIN, secret: SECRET, seal: SEAL }
  const field = unsubscribeFields({ message: view.message, delivery }, { mail })?.toString() ?? ''
  return decodeURIComponent(/subject=([^>]+)>/.exec(field)?.[1] ?? assert.fail(field))
}

test('a wish by the link of a message is one though a service wrote it for its user', async () => {
  const at = await rig()
  const subject = await sealedSubject(at)
  const written = `From: aki@example.com\nAuto-Submitted: auto-generated\nSubject: ${subject}\n\nBy your mail service.\n`
  assert.equal(await at.comes(at.address('unsubscribe'), written), '250 2.0.0')
  assert.equal(only(at.learned).kind, 'unsubscribed')
})

test('a wish outlives the record of its delivery; what is forged or no wish does not', async () => {
  const at = await rig()
  const subject = await sealedSubject(at)
  await at.spool.forget(Infinity, 10)
  const writes = (text: string): Promise<string> =>
    at.comes(at.address('unsubscribe'), `From: aki@example.com\nSubject: ${text}\n\n`)
  assert.equal(await writes('unsubscribe'), '250 2.0.0')
  assert.equal(await writes(`${subject.slice(0, -6)}AAAAAA`), '250 2.0.0')
  const bounced = `Subject: ${subject}\n${dsn(UNKNOWN)}`
  assert.equal(await at.comes(at.address('unsubscribe'), bounced), '250 2.0.0')
  // The seal is of the delivery that the address names, and proves nothing of others.
  assert.equal(await at.comes(at.address('unsubscribe', 1), `Subject: ${subject}\n\n`), '250 2.0.0')
  assert.deepEqual([at.counted, at.learned], [Array.from({ length: 4 }, () => 'forgotten'), []])
  assert.equal(await writes(subject), '250 2.0.0')
  const { organization, stream, to, delivery } = only(at.learned)
  assert.deepEqual(
    [organization, stream, to, delivery],
    ['acme', 'marketing', { local: 'Aki', domain: 'example.com' }, { message: at.id, n: 0 }],
  )
  assert.equal(at.log.lines.at(-1)?.event, 'unsubscribe.received')
})

test('an automatic answer is no bounce and no wish, wherever it comes', async () => {
  for (const purpose of ['return-path', 'unsubscribe'] as const) {
    const at = await rig()
    assert.equal(await at.comes(at.address(purpose), AWAY), '250 2.0.0')
    assert.deepEqual([at.learned.length, await at.reports(), (await at.made()).length], [0, [], 0])
    assert.deepEqual(at.counted, ['auto-reply'])
  }
})

test('a letter to a return path is dropped, and not answered', async () => {
  const at = await rig()
  assert.equal(await at.comes(at.address('return-path'), 'From: eve@example.net\n\nBuy!\n'), '250 2.0.0')
  assert.deepEqual([at.counted, (await at.made()).length], [['dropped'], 0])
})

test('what is about a delivery that nobody remembers is taken and dropped', async () => {
  const at = await rig()
  assert.equal(await at.comes(at.address('return-path', 7), dsn(UNKNOWN)), '250 2.0.0')
  await at.spool.forget(Infinity, 10)
  assert.equal(await at.comes(at.address('return-path'), dsn(UNKNOWN)), '250 2.0.0')
  assert.deepEqual([at.counted, at.learned.length], [['forgotten', 'forgotten'], 0])
})

test('what cannot be written down is put off, and done when it comes again', async () => {
  let works = false
  const learns = (): Promise<void> =>
    works ? Promise.resolve() : Promise.reject(new Error('the disk is full'))
  const at = await rig({ learns })
  assert.equal(await at.comes(at.address('return-path'), dsn(UNKNOWN)), '451 4.3.0')
  assert.deepEqual([await at.reports(), (await at.made()).length], [[], 0])
  works = true
  assert.equal(await at.comes(at.address('return-path'), dsn(UNKNOWN)), '250 2.0.0')
  assert.equal(only(await at.reports()).kind, 'bounce')
})

test('a spool that is full puts it off; one that is broken is left to its thread', async () => {
  for (const code of ['full', 'broken'] as const) {
    const at = await rig({
      spool: (spool) => ({
        show: (id) => spool.show(id),
        report: () => Promise.reject(new SpoolError(code, 'no')),
      }),
    })
    const coming = at.comes(at.address('complaint'), arf('abuse', 'From: shop@example.org'))
    if (code === 'full') assert.equal(await coming, '451 4.3.0')
    else await assert.rejects(coming, { code: 'broken' })
  }
})

test('strangers hear the same of what was forged and what never was, and that nothing is relayed', async () => {
  const at = await rig()
  const said = (local: string, domain = DOMAIN): unknown => at.feedback.refusal({ local, domain })?.lines
  const { local } = at.address('return-path')
  assert.equal(said(local), undefined)
  assert.deepEqual(said(local.replace('-0-', '-1-')), said('shop'))
  assert.equal(at.feedback.refusal({ local: 'shop', domain: DOMAIN })?.enhanced, '5.1.1')
  assert.equal(at.feedback.refusal({ local, domain: 'example.net' })?.enhanced, '5.7.1')
})

const ELSEWHERE = { options: { postmaster: [{ local: 'ops', domain: 'example.net' }] } }

test('mail for the postmaster goes to where there is one, as it came, and can cause no mail', async () => {
  const at = await rig(ELSEWHERE)
  const abuse = { local: 'abuse', domain: 'mx.example.org' }
  assert.equal(at.feedback.refusal(abuse), undefined)
  const content = 'From: eve@example.net\nBcc: you\nSubject: hello\n\nYour mail!\n'
  assert.equal(await at.comes(abuse, content), '250 2.0.0')
  const { from, to, text } = only(await at.made())
  assert.deepEqual([from, to], ['<>', 'ops@example.net'])
  assert.match(
    text,
    /^Received: from mx\.example\.com \(\[192\.0\.2\.25\]\) by mx\.example\.org with ESMTP\r\n/,
  )
  assert(text.endsWith(content.replaceAll('\n', '\r\n')))
  // With it no key of ours would sign a stranger's words.
  const [stored] = await at.spool.list({ stream: 'postmaster' }, { limit: 1 })
  assert.equal(stored?.message.headerFrom, undefined)
})

test('mail for the postmaster that goes round in a loop is refused', async () => {
  const at = await rig(ELSEWHERE)
  const hops = 'Received: from a by b\n'.repeat(51)
  const to = { local: 'postmaster', domain: DOMAIN }
  assert.equal(await at.comes(to, `${hops}From: eve@example.net\n\nx\n`), '554 5.4.6')
})

test('mail for a postmaster who is nowhere else is kept, and told of to nobody', async () => {
  const at = await rig()
  const to = { local: 'Postmaster', domain: 'out.example.org' }
  assert.equal(at.feedback.refusal(to), undefined)
  const content = 'From: "Eve \u001b[31m" <eve@example.net>\nSubject: =?utf-8?q?Your=0Dmail?=\n\nhello\n'
  assert.equal(await at.comes(to, content), '250 2.0.0')
  const { text, author, subject, sender, recipient, client } = only(at.kept)
  assert.deepEqual(
    [author, subject, sender, recipient, client],
    [' "Eve  [31m" <eve@example.net>', ' Your mail', '<>', 'Postmaster@out.example.org', '192.0.2.25'].map(
      (one) => one.trim(),
    ),
  )
  assert.match(text, /^Received: from mx\.example\.com [\s\S]*\r\n\r\nhello\r\n$/)
  assert.deepEqual(await at.made(), [])
  assert.equal(await at.comes(to, `From: eve@example.net\n\n${'x'.repeat(1024 * 1024)}`), '552 5.3.4')
})

test('what cannot be kept for the postmaster is put off', async () => {
  const at = await rig({ options: { keep: () => Promise.reject(new Error('the disk is full')) } })
  const to = { local: 'postmaster', domain: DOMAIN }
  assert.equal(await at.comes(to, 'From: eve@example.net\n\nx\n'), '451 4.3.0')
})

test('reports about domains are given on, and who sends them hears what becomes of them', async () => {
  const cases = [
    [{ kind: 'kept' }, '250 2.0.0'],
    [{ kind: 'repeated' }, '250 2.0.0'],
    [{ kind: 'too-many' }, '452 4.3.1'],
    [{ kind: 'foreign', domain: 'example.net' }, '550 5.7.1'],
    [{ kind: 'unreadable', why: 'no file is attached' }, '554 5.6.0'],
  ] as const
  for (const [report, expected] of cases) {
    const at = await rig({ report })
    for (const local of ['dmarc-reports', 'TLS-Reports']) {
      const to = { local, domain: DOMAIN }
      assert.equal(at.feedback.refusal(to), undefined)
      assert.equal(await at.comes(to, 'From: r@receiver.example\n\nx\n'), expected)
    }
    const [one] = at.reported
    assert.deepEqual([one?.client, one?.sender], ['192.0.2.25', '<>'])
    assert(one?.names.includes(DOMAIN))
    assert.deepEqual(await at.made(), [])
  }
})
