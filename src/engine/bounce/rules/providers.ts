/** Replies that only one receiver gives, and words of its own for what others say otherwise. */

import { any, rule } from '../rule.ts'

const YAHOO = 'https://senders.yahooinc.com/smtp-error-codes/'
const APPLE = 'https://support.apple.com/102322'
const MIMECAST = 'https://community.mimecast.com/s/article/Mimecast-SMTP-Error-Codes-842605754'

export const PROVIDERS = [
  rule(
    'rate/yahoo-complaints',
    any(
      /temporarily deferred due to (?:unexpected volume or )?user complaints/,
      /unexpected volume or user complaints/,
      /\[tss?\d\d\] (?:all )?messages? (?:from|temporarily)(?! \S{1,60} will be permanently)/,
      /\[ts0[1-3]\]/,
    ),
    [
      '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes',
    ],
    { source: YAHOO },
  ),
  rule(
    'reputation/yahoo',
    any(
      /\[(?:bl\d\d|tss07|ipts\d\d)\]/,
      /will be permanently deferred/,
      /message temporarily deferred - \[/,
      /connections will not be accepted from/,
    ),
    [
      "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list; see https://postmaster.yahooinc.com/550-bl23.html",
      '553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.',
    ],
    { source: YAHOO },
  ),
  rule(
    'user-unknown/yahoo',
    /this user doesn't have an? (?:\S{1,80} )?account|mailbox not found for this account/,
    [
      "554 delivery error: dd This user doesn't have a yahoo.com account (someone@yahoo.com) [0] - mta1.mail.example",
      "554 delivery error: dd Not a valid recipient - This user doesn't have a ymail account",
    ],
    { source: YAHOO },
  ),
  rule(
    'inactive/yahoo',
    /account has been disabled(?: or discontinued)?|mailbox (?:is )?disabled \(?554\.30/,
    [
      '554 delivery error: dd Sorry your message to someone@yahoo.com cannot be delivered. This account has been disabled or discontinued [#102].',
      '554 30 Sorry, your message to someone@yahoo.com cannot be delivered. This mailbox is disabled (554.30).',
    ],
    { source: YAHOO },
  ),
  rule(
    'sender-rejected/yahoo',
    /unresolvable rfc\.?5321 from domain/,
    [
      '451 Message temporarily deferred due to unresolvable RFC.5321 from domain; see https://postmaster.yahooinc.com/error-codes',
    ],
    { source: YAHOO },
  ),
  rule(
    'authentication/yahoo',
    any(
      /unable to (?:deliver|accept).{0,80}(?:dmarc|authentication)/,
      /not accepted for policy reasons\. see .{0,80}dmarc/,
      /message not accepted due to .{0,30}(?:dkim|dmarc|spf)/,
      /\(au\d\d\)/,
    ),
    ['550 5.7.9 Message not accepted due to DMARC failure for example.com'],
    { source: YAHOO },
  ),
  rule(
    'policy/yahoo',
    /(?:message|email) not accepted for policy reasons/,
    [
      '554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes',
      '554 Message not allowed - [PH01] Email not accepted for policy reasons. Please visit https://postmaster.yahooinc.com/error-codes',
    ],
    { source: YAHOO },
  ),
  rule(
    'reputation/apple',
    /\[hcm?\d|\[(?:bs|hm)\d\d?\]|mail from ip .{0,60}rejected due to listing/,
    [
      '554 5.7.1 [HM08] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137',
      '550 5.7.1 Mail from IP 192.0.2.1 was rejected due to listing in Spamhaus PBL.',
    ],
    { source: APPLE },
  ),
  rule(
    'reputation/apple-greeting',
    /not accepting connections/,
    [
      {
        reply: '554 p00-smtpin001.me.com ESMTP not accepting connections',
        stage: 'greeting',
        host: 'mx01.mail.icloud.com',
      },
    ],
    { hosts: ['icloud.com', 'me.com', 'mac.com', 'apple.com'], source: APPLE },
  ),
  rule(
    // With status x.1.6, which says that no new address is known. RFC 3463 §3.2
    'moved/apple',
    /^recipient no longer on server/,
    ['550 5.1.6 recipient no longer on server: someone@icloud.com'],
    { source: APPLE },
  ),
  rule(
    'spam/apple',
    /\[cs ?\d\d?\] message rejected|message rejected due to .{0,30}(?:spam|content)/,
    ['550 5.7.1 Message rejected due to content restrictions [CS0 1]'],
    { source: APPLE },
  ),
  rule(
    'suspended/yahoo-abuse',
    /deactivated due to abuse/,
    ['553 VS10-RT Possible forgery or deactivated due to abuse (#5.1.1) 192.0.2.1'],
    { source: YAHOO },
  ),
  rule(
    'sender-rejected/cpanel-callout',
    /verification failed for <?@.{0,400}could not deliver mail to <?@/,
    [
      '550-Verification failed for <me@example.com> 550-The mail server could not deliver mail to me@example.com. The account or domain may not exist, they may be blacklisted, or missing the proper dns entries. 550 Sender verify failed',
    ],
    { source: 'cPanel: the ACLs of its Exim' },
  ),
  rule(
    'user-unknown/cpanel-verify',
    /mail server could not deliver mail to @\. the account or domain may not exist/,
    [
      '550-The mail server could not deliver mail to someone@example.com. The account 550-or domain may not exist, they may be blacklisted, or missing the proper dns 550 entries.',
    ],
    { source: 'cPanel: the ACLs of its Exim' },
  ),
  rule('filtered/aol', /(?:only accepting mail from specific email addresses|not accepting mail from)/, [
    'Your mail to the following recipients could not be delivered because they are not accepting mail from sender@example.com:',
  ]),
  rule('filtered/aol-attachment', /not accepting mail with (?:attachments|embedded)/, [
    'Your mail to the following recipients could not be delivered because they are not accepting mail with attachments or embedded images:',
  ]),
  rule(
    'reputation/att',
    any(
      /blocked by sbc:/,
      /dnsrbl: blocked/,
      /blocked for abuse\. see/,
      /_is_blocked\.? ?for assistance/,
      /abuse_rbl/,
    ),
    [
      '521 DNSRBL: Blocked for abuse. See https://att.net/blocks',
      '553 5.3.0 flpd594 DNSBL:RBL 521< 192.0.2.1 >_is_blocked.For assistance forward this email to abuse@example.com',
    ],
  ),
  rule('rate/comcast', /rl0000\d{1,2}|throttled - try again later/, [
    '421 4.1.0 192.0.2.1 Throttled - try again later. Please see http://postmaster.comcast.net/smtp-error-codes.php#RL000001',
  ]),
  rule(
    'rate/free-fr',
    /too many errors from your ip|trop de connexions|spam detected from your ip.{0,60}retry/,
    ['421 Too many errors from your ip (192.0.2.1), please visit http://postmaster.free.fr/'],
  ),
  rule('reputation/t-online', /a problem occurred(?:\. \(?ask your postmaster for help|[.!]?$)/, [
    '554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify.) (BL)',
  ]),
  rule('reverse-dns/gmx', /bad dns ptr resource record/, [
    '554-web.de (mxweb006) Nemesis ESMTP Service not available No SMTP service Bad DNS PTR resource record.',
  ]),
  rule(
    'reputation/gmx',
    any(
      /no smtp service ip address is black listed/,
      /nemesis esmtp service not available/,
      /transaction failed reject due to policy restrictions/,
    ),
    [
      '554-kundenserver.de (mxeue111) Nemesis ESMTP Service not available 554-No SMTP service 554-IP address is black listed.',
    ],
  ),
  rule('sender-rejected/qq', /domain may not exist or dns check failed/, [
    { reply: '550 Domain may not exist or DNS check failed [IP: 192.0.2.1].', stage: 'DATA-END' },
  ]),
  rule('spam/netease', any(/\bdt:sp[mb]\b/, /mail \S{1,40} is rejected/), [
    '550 Requested action not taken: mail IsCNAPF7.566S2 is rejected,mx3,BM',
    '554 DT:SPM 163 mx13, please see http://mail.163.com/help/help_spam_16.htm',
  ]),
  rule(
    'reputation/qq',
    any(/suspected (?:bounce attacks?|spam ip)/, /^connection denied\.?(?: \[ip: \S{1,50}\])?\.?$/),
    ['550 Suspected bounce attacks', '550 Suspected spam ip', '550 Connection denied'],
    { source: 'https://service.mail.qq.com/detail/122' },
  ),
  rule(
    'spam/qq',
    /mail content denied|mail is rejected by recipients|connection denied\.? ?.{0,20}id=20022/,
    ['550 Mail content denied. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000726'],
  ),
  rule(
    'rate/qq',
    any(
      /(?:connection|domain|ip|mail|from ip|sender) frequency (?:is )?limited/,
      /\bmi:(?:dmc|spb|fre|cel)\b/,
    ),
    [
      '550 Connection frequency limited. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000722',
    ],
  ),
  rule(
    'authentication/mimecast',
    /(?:spf|dkim|dmarc) sender invalid/,
    ['550 SPF Sender Invalid - envelope rejected - https://community.mimecast.com/docs/DOC-1369#550'],
    { source: MIMECAST },
  ),
  rule(
    'policy/mimecast',
    /host network not allowed|anti-?spoofing policy/,
    ['554 Host network not allowed', '550 Rejected by header-based Anti-Spoofing policy'],
    { source: MIMECAST },
  ),
  rule(
    'sender-rejected/mimecast',
    /envelope (?:blocked|rejected)(?!.{0,60}block list)|header[- ]based (?:manually )?blocked senders?/,
    [
      '550 Envelope blocked - User Entry',
      '550 Envelope rejected - block policy for Envelope from address',
      '550 Rejected by header-based Blocked Senders - Block policy for Header From',
    ],
    { source: MIMECAST },
  ),
  rule(
    'reputation/mimecast',
    any(
      /rejected by .{0,40}mimecast/,
      /administrative lockout/,
      /local (?:cmb|ct ip)/,
      /envelope (?:blocked|rejected) - /,
      /reject .{0,20}header based/,
    ),
    ['554 Envelope Blocked - The sender is listed on a block list', '550 Local CT IP Reputation - (reject)'],
    { source: MIMECAST },
  ),
  rule(
    'reputation/cloudmark-proofpoint',
    any(
      /csi\.cloudmark\.com/,
      /ipcheck\.proofpoint\.com/,
      /support\.proofpoint\.com\/dnsbl/,
      /poor reputation sender/,
    ),
    [
      '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using cm-csi-v11; Cloudmark Poor Reputation Sender',
    ],
  ),
  rule('reputation/barracuda', /barracudacentral|barracuda reputation|barracudanetworks\.com\/reputation/, [
    '554 Service unavailable; Client host [192.0.2.1] blocked using Barracuda Reputation; http://bbl.barracudacentral.com/q.cgi?ip=192.0.2.1',
  ]),
  rule(
    'suppressed/service',
    any(
      /suppression list/,
      /(?:address|recipient) (?:is )?(?:on|in) (?:our|the|your)?\s?(?:global )?suppress/,
      /previously (?:has )?(?:been )?bounced/,
      /bounced address/,
      /previously unsubscribed/,
      /spam reporting address/,
      /unsubscribed address/,
    ),
    [
      'Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address: on the suppression list',
      '550 5.0.0 Bounced Address',
    ],
  ),
  rule(
    'suppressed/amazon-history',
    /recent history of bouncing|has suppressed sending to this address|onaccountsuppressionlist/,
    [
      'Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address.',
    ],
  ),
  rule('security/amazon-unverified', /email address is not verified|not authorized to perform ses:/, [
    '554 Message rejected: Email address is not verified. The following identities failed the check in region US-EAST-1',
  ]),
  rule(
    'spam/checks',
    any(
      /several antispam checks|spam ?(?:or|\/|and) ?virus/,
      /(?:due to|because of|by) (?:the |our |suspected )?(?:anti-?)?spam (?:filter|content|check)/,
    ),
    [
      '554 5.7.1 Your message failed several antispam checks (SCORING). Please be sure your mailserver is configured correctly (spf, HELO, PTR)',
      '554 Sending address not accepted due to spam filter',
    ],
  ),
]
