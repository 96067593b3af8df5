/** Replies of Gmail, Google Workspace and Google Groups. */

import { any, rule } from '../rule.ts'

const GOOGLE = 'https://support.google.com/a/answer/3726730'

export const GOOGLE_RULES = [
  rule(
    'host-unknown/google-dns',
    /dns error: .{0,300}(?:domain name not found|had no relevant answers|answer with no data)/,
    [
      'DNS Error: Domain name not found',
      "DNS Error: DNS type 'mx' lookup of example.invalid responded with code NOERROR DNS type 'mx' lookup of example.invalid had no relevant answers.",
      "DNS Error: DNS type 'mx' lookup of example.invalid responded with code NXDOMAIN Domain name not found: example.invalid",
    ],
  ),
  rule(
    'spam/google-groups',
    // It goes on with advice about SPF, which is not the reason.
    /rejected due to spam classification/,
    [
      'Your email to group a@example.com was rejected due to spam classification. To address this issue: * Set up SPF records for your sending domain if you have not done so already.',
    ],
  ),
  rule(
    'security/google-send-as',
    // A server of the sender's own, through which Gmail was told to send.
    /server does not advertise auth/,
    ['Unspecified Error (SENT_SECOND_EHLO): Smtp server does not advertise AUTH capability'],
  ),
  rule(
    'authentication/google',
    any(
      /senders to authenticate/,
      /unauthenticated e?-?mail from/,
      /fails? to pass (?:authentication|spf) checks/,
      /spf record of the sending domain/,
      /isn't aligned with either/,
    ),
    [
      "550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.",
      '550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.',
      '550-5.7.26 This message does not have authentication information or fails to pass authentication checks.',
    ],
    { source: GOOGLE },
  ),
  rule(
    'reputation/google-low',
    /very low reputation of the sending|suspicious due to the (?:very )?low reputation/,
    [
      '550-5.7.1 [192.0.2.1] Our system has detected that this message is likely suspicious due to the very low reputation of the sending IP address.',
    ],
    { source: GOOGLE },
  ),
  rule(
    'reputation/google-relay',
    /the ip you're using to send mail is not authori[sz]ed/,
    [
      "550-5.7.1 [192.0.2.1] The IP you're using to send mail is not authorized to 550-5.7.1 send email directly to our servers. Please use the SMTP relay at your service provider instead.",
    ],
    { source: GOOGLE },
  ),
  rule(
    'rate/google-unusual',
    /unusual rate of(?: |$)/,
    ['421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address.'],
    { source: GOOGLE },
  ),
  rule(
    'spam/google-unsolicited',
    any(
      /our system has detected that this message is (?:likely )?(?:unsolicited|suspicious)/,
      /unsolicitedmessageerror/,
    ),
    [
      '550-5.7.1 [192.0.2.1] Our system has detected that this message is 550-5.7.1 likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked.',
    ],
    { source: GOOGLE },
  ),
  rule(
    // A kind of file that Gmail takes from nobody, not a virus that was found.
    'content/google-attachment',
    any(
      /because its content presents a potential/,
      /detected an illegal attachment on your message/,
      /suspicious attachments?/,
    ),
    [
      '552-5.7.0 This message was blocked because its content presents a potential security issue.',
      '552-5.7.0 Our system detected an illegal attachment on your message.',
    ],
    { source: GOOGLE },
  ),
  rule(
    'tls/google',
    /sent over a tls connection|senders to use tls/,
    [
      "421 4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection. Gmail requires all bulk email senders to use TLS/SSL for SMTP connections.",
    ],
    { source: GOOGLE },
  ),
  rule(
    'spam/google-content',
    /suspicious due to the nature of the (?:content|links)/,
    ['421 4.7.0 This message is suspicious due to the nature of the content or the links within.'],
    { source: GOOGLE },
  ),
  rule(
    'noncompliant/google-header',
    /in (?:a disallowed|message) header/,
    [
      '550 5.7.1 The message contains a unicode character in a disallowed header.',
      '550 5.7.1 Encoded-word syntax is not permitted in message header Message-ID.',
    ],
    { source: GOOGLE },
  ),
  rule(
    'rate/google-same',
    /quota for sending messages with the same|policy size per transaction exceeded/,
    [
      '421 4.7.28 Gmail has detected this message exceeded its quota for sending messages with the same Message-ID:.',
      '452 4.5.3 Domain policy size per transaction exceeded, please try this recipient in a separate transaction.',
    ],
    { source: GOOGLE },
  ),
  rule('sender-rejected/google-relay', /^mail sending denied/, ['550 5.7.0 Mail Sending denied.'], {
    source: 'https://support.google.com/a/answer/6140680',
  }),
  rule(
    'security/google-login',
    any(
      /too many login attempts/,
      /log in (?:through|with) your web browser/,
      /application-specific password/,
      /no identity changes permitted/,
      /unrecogni[sz]ed authentication type/,
      /xoauth is no longer supported/,
      /not permitted for that auth mode/,
    ),
    [
      '454 4.7.0 Too many login attempts, please try again later.',
      '534 5.7.14 Please log in through your web browser and then try again.',
      '504 5.7.4 Unrecognized Authentication Type',
      '535 5.5.4 Optional Argument not permitted for that AUTH mode.',
    ],
    { source: 'https://support.google.com/a/answer/3221692' },
  ),
  rule(
    'rate/google-receiving',
    /receiving mail (?:too quickly|at a rate that)/,
    [
      '450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time.',
      '450-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.',
    ],
    { source: GOOGLE },
  ),
  rule(
    'inactive/google',
    any(
      /account that you tried to reach is (?:disabled|inactive)/,
      /account .{0,80}is (?:inactive|disabled)\.? learn more/,
    ),
    [
      '550 5.2.1 The email account that you tried to reach is disabled. Learn more at https://support.google.com/mail/?p=DisabledUser',
    ],
    { source: GOOGLE },
  ),
  rule(
    'policy/google-groups',
    any(
      /not be a member of the group/,
      /permission to post messages? to the group/,
      /group .{0,120}may not exist/,
      /not have permission to post/,
      // The page of help that the answer points to, whatever its language.
      /google\.com\/a\/\S{1,80}\/bin\/topic\.py\?topic=25838/,
      /グループにメッセージを投稿する権限がない/,
      /email address used to send your message is not subscribed/,
    ),
    [
      "We're writing to let you know that the group you tried to contact (example) may not exist, or you may not have permission to post messages to the group.",
      '連絡しようとしたグループ（example）が存在しないか、グループにメッセージを投稿する権限がない可能性があります。',
    ],
    { source: GOOGLE },
  ),
]
