/** Notices as mail systems write them, one of each form; addresses and hosts are examples. */

export type NoticeForm = {
  readonly name: string
  readonly message: string
  /** Each recipient with its action, status, code and stage. */
  readonly says: readonly string[]
}

const RETURNED = `Received: from app.example.org ([192.0.2.7]) by mx.example.net with ESMTP id 4Xyz
  for <aki@example.com>; Sun, 22 Nov 2026 10:00:00 +0900
Message-ID: <1@shop.example.org>
From: Shop <shop@example.org>
To: aki@example.com
Subject: Your order
`

function plain(header: string, body: string): string {
  return `Return-Path: <>\nTo: shop@example.org\n${header}\n\n${body}\n${RETURNED}\n\nThank you.\n`
}

function report(
  text: string,
  status: string,
  type = 'multipart/report; report-type=delivery-status',
): string {
  return `Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: shop@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: ${type}; boundary="b1/mx.example.net"

This is a MIME-encapsulated message.

--b1/mx.example.net
Content-Type: text/plain; charset=us-ascii

${text}

--b1/mx.example.net
Content-Type: message/delivery-status

${status}

--b1/mx.example.net
Content-Type: text/rfc822-headers

${RETURNED}
--b1/mx.example.net--
`
}

const DAEMON = 'From: MAILER-DAEMON@mx.example.net\nSubject: failure notice'

export const NOTICES: readonly NoticeForm[] = [
  {
    name: 'Postfix',
    message: report(
      `This is the mail system at host mx.example.net.

<aki@example.com>: host mail.example.com[192.0.2.9] said: 550 5.1.1
    <aki@example.com>: Recipient address rejected: User unknown (in reply to
    RCPT TO command)`,
      `Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4Xyz

Final-Recipient: rfc822; aki@example.com
Original-Recipient: rfc822;a.k.i@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <aki@example.com>: Recipient address rejected:
    User unknown`,
    ),
    says: ['aki@example.com failed 5.1.1 550 RCPT'],
  },
  {
    name: 'a report with two recipients, of which one waits',
    message: report(
      'See below.',
      `Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822;aki@example.com
Action: failed
Status: 5.2.2

Final-Recipient: rfc822;yuki@example.com
Action: delayed
Status: 4.4.1`,
    ),
    says: ['aki@example.com failed 5.2.2 0 ', 'yuki@example.com delayed 4.4.1 0 '],
  },
  {
    name: 'a report without empty lines, typed as something else',
    message: report(
      'See below.',
      `Reporting-MTA: dns; mx.example.net
Final-Recipient: <aki@example.com>
Action: failed (Bad destination mailbox address)
Status: 5.1.1 (no such user)
Final-Recipient: rfc822;yuki@example.com
Action: error`,
      'multipart/mixed',
    ),
    says: ['aki@example.com failed 5.1.1 0 ', 'yuki@example.com failed  0 '],
  },
  {
    name: 'Sendmail, pipelined',
    message: plain(
      'From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>\nSubject: Returned mail: see transcript for details',
      `The original message was received at Sun, 22 Nov 2026 10:00:00 +0900

   ----- The following addresses had permanent fatal errors -----
<aki@example.com>
    (reason: 550 No such person here)

   ----- Transcript of session follows -----
... while talking to mail.example.com.:
>>> DATA
<<< 550 No such person here
550 5.1.1 <aki@example.com>... User unknown

   ----- Message header follows -----`,
    ),
    says: ['aki@example.com failed 5.1.1 550 RCPT'],
  },
  {
    name: 'qmail',
    message: plain(
      DAEMON,
      `Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<aki@example.com>:
192.0.2.9 does not like recipient.
Remote host said: 550 5.2.2 Over quota
Giving up on 192.0.2.9.

--- Below this line is a copy of the message.
`,
    ),
    says: ['aki@example.com failed 5.2.2 550 '],
  },
  {
    name: 'Exim',
    message: plain(
      'X-Failed-Recipients: aki@example.com\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@mx.example.net>\nSubject: Mail delivery failed: returning message to sender',
      `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  aki@example.com
    SMTP error from remote mail server after end of data:
    host mail.example.com [192.0.2.9]: 554 5.7.1 rejected as spam

------ This is a copy of the message, including all the headers. ------
`,
    ),
    says: ['aki@example.com failed 5.7.1 554 end of data'],
  },
  {
    name: 'Exchange 5.5',
    message: plain(
      'From: System Administrator <postmaster@mx.example.net>\nSubject: Undeliverable: Your order',
      `Your message

  To:      shop@example.org
  Subject: Your order

did not reach the following recipient(s):

aki@example.com on Sun, 22 Nov 2026 10:00:00 +0900
    The recipient name is not recognized
`,
    ),
    says: ['aki@example.com failed  0 '],
  },
  {
    name: 'Domino in Japanese, in ISO-2022-JP without a label',
    message: plain(
      'From: postmaster@mx.example.net\nSubject: Undeliverable message\nContent-Type: text/plain',
      '------- Failure Reasons  --------\n\n\x1b$B%G%#%l%/%H%j$N%j%9%H$K$"$j$^$;$s\x1b(B\naki@example.com\n\n------- Returned Message --------',
    ),
    says: ['aki@example.com failed  0 '],
  },
  {
    name: 'm-FILTER',
    message: plain(
      'X-Mailer: m-FILTER\nFrom: POSTMASTER <postmaster@mx.example.net>\nSubject: failure notice\nContent-Type: text/plain; charset=utf-8',
      `以下のメールアドレスへの送信に失敗しました。
aki@example.com

-------server message
550 unknown user <aki@example.com>

-------SMTP command
DATA

-------original message`,
    ),
    says: ['aki@example.com failed  550 end of data'],
  },
  {
    name: 'a carrier that names the recipient after a label',
    message: plain(
      'From: Postmaster@ezweb.ne.jp\nSubject: Mail System Error - Returned Mail\nContent-Type: text/plain; charset=utf-8',
      `次のあて先へのメッセージはエラーのため送信できませんでした。

    Recipient: <aki@ezweb.ne.jp>
    >>> RCPT TO:<aki@ezweb.ne.jp>
    <<< 550 <aki@ezweb.ne.jp>: User unknown
`,
    ),
    says: ['aki@ezweb.ne.jp failed  550 RCPT'],
  },
  {
    name: 'Yahoo, two recipients',
    message: plain(
      'From: MAILER-DAEMON@yahoo.com\nSubject: Delivery failure',
      `Message from yahoo.com.
Unable to deliver message to the following address(es).

<aki@yahoo.com>:
This user doesn't have a yahoo.com account (aki@yahoo.com) [0]

<yuki@yahoo.com>:
Sorry, your message to yuki@yahoo.com cannot be delivered. This account is over quota.

--- Original message follows.
`,
    ),
    says: ['aki@yahoo.com failed  0 ', 'yuki@yahoo.com failed  0 '],
  },
  {
    name: 'IMail',
    message: plain(
      'From: "Postmaster" <postmaster@mx.example.net>\nSubject: Undeliverable Mail',
      'User mailbox exceeds allowed size: aki@example.com\n\nOriginal message follows.\n',
    ),
    says: ['aki@example.com failed  0 '],
  },
  {
    name: 'MailMarshal, which tells the reason before the recipient',
    message: plain(
      'From: postmaster@mx.example.net\nSubject: Undeliverable Mail: "Your order"',
      `Your message:
   From:    shop@example.org
   Subject: Your order

Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
    aki@example.com
`,
    ),
    says: ['aki@example.com failed 5.1.1 550 '],
  },
  {
    name: 'HTML alone',
    message: plain(
      'From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\nContent-Type: text/html; charset=utf-8',
      '<p>I was not able to deliver your message.<br>aki@example.com<br><b>550 5.1.1 No such user</b><br>--- Attachment is a copy of the message.</p>',
    ),
    says: ['aki@example.com failed 5.1.1 550 '],
  },
  {
    name: 'nobody named, but the message that came back',
    message: plain(
      'From: MAILER-DAEMON@mx.example.net\nSubject: Returned mail',
      'The mail could not be delivered.\n\n----- Original message -----\n',
    ),
    says: ['aki@example.com failed  0 '],
  },
]
