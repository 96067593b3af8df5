/** Replies of Exchange, Microsoft 365 and Outlook.com. */

import { any, rule } from '../rule.ts'

const MICROSOFT =
  'https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online'

export const MICROSOFT_RULES = [
  rule(
    'user-unknown/microsoft-resolver',
    any(
      /resolver\.adr\.(?:recip(?:ient)?notfound|exrecipnotfound|invalidinsmtpaddress|recipient notfound)/,
      /recipient ?not ?found by smtp address lookup/,
      /recipnotfound/,
    ),
    [
      '550 5.1.1 RESOLVER.ADR.RecipNotFound; not found',
      '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
    ],
    { source: MICROSOFT },
  ),
  rule(
    'user-unknown/microsoft-edge',
    /recipient address(?:es)? rejected ?: access denied\.? (?:as\(|\[)/,
    [
      '550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [example.prod.protection.outlook.com]',
    ],
    { source: MICROSOFT },
  ),
  rule(
    'too-big/microsoft-resolver',
    /resolver\.rst\.(?:recip|send)sizelimit|message too large for this/,
    ['550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient'],
    { source: MICROSOFT },
  ),
  rule(
    'filtered/microsoft-resolver',
    any(
      /resolver\.rst\.(?:notauthorized|authrequired|restricted|recipientnotauth)/,
      /not authorized to send to this recipient/,
      /authentication required for delivery to this recipient/,
      /sender (?:was )?not authenticated (?:by|for) /,
      /sender not in allowed-?senders list/,
    ),
    [
      '550 5.7.134 Sender was not authenticated for mailbox',
      '550 5.7.124 Sender not in allowed-senders list',
      '550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized',
      '550 5.7.1 RESOLVER.RST.AuthRequired; authentication required',
    ],
    { source: MICROSOFT },
  ),
  rule(
    'mailbox-full/microsoft',
    any(
      /storedrv\.deliver; mailbox full/,
      /mailbox is full\. (?:the )?message cannot/,
      /quotaexceeded/,
      /storedrv\.deliver\.exception:quotaexceeded/,
    ),
    ['554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException; Failed to process message'],
    { source: MICROSOFT },
  ),
  rule(
    'inactive/microsoft',
    any(
      /storedrv\.(?:deliver|submit).{0,40}(?:mailbox disabled|disabled mailbox)/,
      /mailbox disabled, not accepting messages/,
      /accountdisabledexception/,
      /recipientinactive/,
      /banned recipient/,
      /mailbox cannot be accessed/,
    ),
    [
      '550 5.2.1 STOREDRV.Deliver; mailbox disabled, not accepting messages',
      '550 5.7.505 Access denied, banned recipient',
    ],
    { source: MICROSOFT },
  ),
  rule(
    'rate/microsoft',
    any(
      /(?:storedrv\.deliver; )?recipient thread limit exceeded/,
      /server busy\. please try again later from/,
      /submission rate for this client/,
      /(?:4\.7\.500|server busy)\b.{0,40}as\(/,
      /exceeded the maximum number of (?:sender|recipients)/,
      /message submission rate/,
      /tenant has exceeded threshold/,
      /recipientthreadlimit/,
      /exceeded (?:their|its) limit for the number of messages/,
      /exceeded permitted limits/,
    ),
    [
      '550 5.7.508 Access denied, [192.0.2.1] has exceeded permitted limits within 24h range',
      '432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded',
      '451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712114)',
    ],
    { source: MICROSOFT },
  ),
  rule(
    'reputation/microsoft',
    any(
      /weren't sent\. please contact your internet service provider/,
      /part of their network is on our block list/,
      /banned sending ip/,
      /rate limited due to ip reputation/,
      /access denied, (?:banned (?:sending )?(?:ip|sender\[)|traffic not accepted|please try again later)/,
      /does not accept e?-?mail over ipv6/,
      /blocked using (?:customer block ?list|fbl)/,
      /\(s3(?:140|150)\)/,
      /\b(?:oucc|sc-00[1-4]|oj?u-00[12]|rp-00[1-3]|dy-00[12])\b/,
    ),
    [
      "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
      '550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/',
      "550 SC-001 (BAY004) Unfortunately, messages from 192.0.2.1 weren't delivered.",
    ],
    { source: MICROSOFT },
  ),
  rule(
    'sender-rejected/microsoft',
    /access denied, (?:banned|bad outbound) sender/,
    ['550 5.7.503 Access denied, banned sender', '550 5.1.8 Access denied, bad outbound sender'],
    { source: MICROSOFT },
  ),
  rule(
    'security/microsoft',
    /restrictdomainsto(?:ipaddresses|certificate)|cannot achieve exchange server authentication/,
    [
      '550 5.7.51 TenantInboundAttribution; the connector had RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set',
      '550 5.7.3 Cannot achieve Exchange Server authentication',
    ],
    { source: MICROSOFT },
  ),
  rule(
    'system-error/microsoft',
    /journaling (?:on-premises|archive)|misconfigured forwarding address/,
    [
      '550 5.3.190 Journaling on-premises messages to Microsoft 365 or Office 365 not supported when Journaling Archive is disabled',
      '550 5.2.14 Misconfigured forwarding address',
    ],
    { source: MICROSOFT },
  ),
  rule('host-unknown/outlook', /because the domain is not reachable/, [
    'The mail could not be delivered to the recipient because the domain is not reachable. Please check the domain and try again (-1915321397:308:-2147467259)',
  ]),
  rule(
    'authentication/microsoft-5-7-515',
    /(?:does not|doesn't) meet the required authentication level/,
    [
      "550 5.7.515 Access denied, sending domain example.com doesn't meet the required authentication level. The sending domain does not meet the required authentication level.",
    ],
    { source: MICROSOFT },
  ),
  rule(
    'relaying-denied/microsoft-tenant',
    any(
      /tenantattribution; relay access denied/,
      /attr\d{1,3}.{0,80}relay access denied/,
      /mismatched? .{0,40}tenant/,
    ),
    ['550 5.7.64 TenantAttribution; Relay Access Denied [example.prod.protection.outlook.com]'],
    { source: MICROSOFT },
  ),
  rule(
    'policy/microsoft-transport-rule',
    any(
      /transport\.rules\.rejectmessage/,
      /rejected by (?:the )?(?:organization|recipient's organization)'?s? polic/,
      /message was rejected by organization policy/,
      /resolver\.(?:rst|grp)\.\w{3,40}/,
    ),
    ['550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy'],
    { source: MICROSOFT },
  ),
  rule(
    'network/microsoft-loop',
    /routing\.loopdetected|hop count exceeded - possible mail loop|loop detected/,
    [
      '554 5.4.14 Hop count exceeded - possible mail loop ATTR1 [example.prod.protection.outlook.com]',
      '554 5.4.6 ROUTING.LoopDetected; mail loop detected',
    ],
    { source: MICROSOFT },
  ),
  rule(
    'expired/microsoft-queue',
    /queue\.expired|message expired(?:, cannot| -)|lasterror=|\blrt=\{/,
    [
      '550 4.4.7 QUEUE.Expired; message expired',
      '550 5.4.300 Message expired -> 451 4.4.0 Primary target IP address responded with an error',
    ],
    { source: MICROSOFT },
  ),
]
