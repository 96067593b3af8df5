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
    'virus/google-attachment',
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
      /email address used to send your message is not subscribed/,
    ),
    [
      "We're writing to let you know that the group you tried to contact (example) may not exist, or you may not have permission to post messages to the group.",
    ],
    { source: GOOGLE },
  ),
]
