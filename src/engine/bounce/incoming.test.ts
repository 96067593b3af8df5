import assert from 'node:assert/strict'
import test from 'node:test'

import { judgeIncoming } from './incoming.ts'

function judge(message: string): readonly string[] {
  const { kind, recipients } = judgeIncoming(Buffer.from(message))
  return [kind, ...recipients.map(({ recipient, class: name, type }) => `${recipient} ${name} ${type}`)]
}

function report(fields: string): string {
  return `From: MAILER-DAEMON@mx.example.net
Content-Type: multipart/report; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

${fields}
--b--
`
}

test('a bounce is judged by the reply it quotes', () => {
  const fields = `Final-Recipient: rfc822; aki@example.com
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org`
  assert.deepEqual(judge(report(fields)), ['bounce', 'aki@example.com reputation soft'])
})

test('the status of the report counts when the reply has none that says anything', () => {
  const fields =
    'Final-Recipient: rfc822; aki@example.com\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 550 5.0.0 zq'
  assert.deepEqual(judge(report(fields)), ['bounce', 'aki@example.com mailbox-full soft'])
})

function transcript(diagnostic: string, ...lines: readonly string[]): string {
  return `From: MAILER-DAEMON@mx.example.net
Content-Type: multipart/report; boundary=b

--b
Content-Type: text/plain

   ----- The following addresses had permanent fatal errors -----
<aki@example.com>

   ----- Transcript of session follows -----
... while talking to mx.example.com.:
${lines.join('\n')}

--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; aki@example.com
Action: failed
Status: 5.0.0
Diagnostic-Code: SMTP; ${diagnostic}
--b--
`
}

const UNAVAILABLE = '554 5.0.0 Service unavailable'
const HALF = '550-mx.example.net is not permitted to'
const UNKNOWN = '550 5.1.1 <aki@example.com>... User unknown'

test('what sendmail makes of a refusal counts only when the host said nothing that tells', () => {
  const classes = [
    ['550 zq', '<<< 550 zq', UNAVAILABLE],
    [HALF, `<<< ${HALF}`, '<<< 550 relay through this server', UNKNOWN],
    ['550 zq', '<<< 550 zq', UNKNOWN],
    [UNKNOWN, UNKNOWN],
  ].map(([diagnostic = '', ...lines]) => judge(transcript(diagnostic, ...lines))[1])
  assert.deepEqual(classes, [
    'aki@example.com other soft',
    'aki@example.com relaying-denied soft',
    'aki@example.com user-unknown hard',
    'aki@example.com user-unknown hard',
  ])
})

function docomo(words: string): string {
  return `From: MAILER-DAEMON@mx.example.net
Subject: failure notice

<aki@docomo.ne.jp>: host mfsmax.docomo.ne.jp[192.0.2.9] said:
    550 Unknown user aki@docomo.ne.jp (in reply to ${words} command)
`
}

test('the receiver is known by the recipient, and by the host that spoke', () => {
  assert.deepEqual(judge(docomo('RCPT TO')), ['bounce', 'aki@docomo.ne.jp user-unknown hard'])
  assert.deepEqual(judge(docomo('end of DATA')), ['bounce', 'aki@docomo.ne.jp filtered soft'])
})

function withAction(action: string): string {
  return report(`Final-Recipient: rfc822; aki@example.com\nAction: ${action}\nStatus: 4.1.2`)
}

test('what is delayed is never hard, and what was delivered is no failure', () => {
  assert.deepEqual(judge(withAction('delayed')), ['delay', 'aki@example.com host-unknown soft'])
  assert.deepEqual(judge(withAction('relayed')), ['success', 'aki@example.com delivered none'])
})

function feedback(type: string): string {
  return `From: fbl@example.com
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: ${type}
Original-Rcpt-To: aki@example.com
--b--
`
}

test('complaints are judged by their type', () => {
  assert.deepEqual(
    ['abuse', 'fraud', 'virus', 'opt-out', 'not-spam', 'auth-failure', 'of a later standard'].map(
      (type) => judge(feedback(type))[1],
    ),
    [
      'aki@example.com complaint none',
      'aki@example.com complaint none',
      'aki@example.com virus none',
      'aki@example.com unsubscribe none',
      'aki@example.com other none',
      'aki@example.com authentication none',
      'aki@example.com complaint none',
    ],
  )
})

test('answers, reports, wishes and letters are told from bounces', () => {
  assert.deepEqual(judge('From: aki@example.com\nAuto-Submitted: auto-replied\n\nAway.\n'), [
    'auto-reply',
    'aki@example.com auto-reply none',
  ])
  assert.deepEqual(judge('From: aki@example.com\nSubject: unsubscribe\n\n'), [
    'unsubscribe',
    'aki@example.com unsubscribe none',
  ])
  assert.deepEqual(judge('From: r@example.com\nTLS-Report-Domain: example.org\n\n'), ['report'])
  assert.deepEqual(judge('From: aki@example.com\nSubject: Lunch\n\nAt noon?\n'), ['none'])
})
