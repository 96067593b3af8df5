/** Where in the text of a notice the message that came back begins, and what its header section tells. */

import { splitHeader, value, words } from './entity.ts'
import type { Fields } from './entity.ts'

/** What is known of the message that a report is about; everything may be missing. */
export type Original = {
  /** With angle brackets. */
  readonly messageId?: string
  readonly from?: string
  /** Of `for` in its trace, else of its To field. */
  readonly to: readonly string[]
  readonly subject?: string
  /** Its header section, as far as it came back. */
  readonly fields: Fields
}

export const NOTHING_RETURNED: Original = { to: [], fields: new Map() }

/** Phrases that end what a mail system says itself. At the start of a line, after rules made of characters. */
const SEPARATOR = new RegExp(
  `^[ \\t]*(?:[-=*_>#]{1,80}[ \\t]*)?(?:${[
    'below this line is a copy of the message',
    'below (?:this line )?is a copy of the original message',
    '(?:this|here) is a copy of (?:the|your) (?:message|first part)',
    'here is a copy of the first part',
    'original message(?: headers?)?(?: follows| attached| header)?[ \\t.:]*[-=*_]{0,80}[ \\t]*$',
    'original message as received',
    'original mail as follows',
    '(?:the |your )?(?:returned|unsent|undelivered|original|rejected) (?:message|mail)(?: text| body)?(?: header)? (?:follows|is as follows|below)',
    'returned (?:message|mail)[ \\t]*[-=*]',
    'undelivered message',
    'start of returned message',
    'message headers? follows?',
    'message follows',
    'message (?:text|body) follows',
    'header of the source mail attached',
    'the header and top \\d{1,4} lines of the message follow',
    'included is a copy of the message header',
    'the header of the original message is following',
    'the headers? of the (?:original )?message (?:is|are)',
    'contents? of the original message',
    'a copy of (?:the|your) original message (?:is|below|follows)',
    'attachment is a copy of the message',
    'your message reads',
    'mensaje original adjunto',
    'old message:',
    'forwarded message[ \\t]*-',
    'message from yahoo[.]com ends',
    '\\[?(?:original|attached) message\\]?[ \\t]*-{2}',
    'text of the original message',
    'diese nachricht (?:enthielt|lautete)',
    'nachrichtentext',
    '(?:元の|送信された|オリジナル)?メッセージ(?:の内容|ヘッダ)',
    '以下は(?:送信|元の)',
    '元のメール',
  ].join('|')})`,
  'im',
)

/** Two lines of a header section, the first of which only trace has. */
const HEADER_SECTION =
  /^(?:>[ ]?)?(?:received|return-path|delivered-to|x-originating-ip|dkim-signature):[ \t]?\S[^\n]*\n(?:>?[ \t][^\n]*\n)*(?:>[ ]?)?[a-z][a-z-]{1,60}:/im

export type Split = { readonly notice: string; readonly returned: string }

/** `returned` is empty when no message came back in the text. */
export function splitNotice(text: string): Split {
  const marked = SEPARATOR.exec(text)?.index ?? text.length
  const bare = HEADER_SECTION.exec(text)?.index ?? text.length
  const at = Math.min(marked, bare)
  // A report may begin with the message, and tell what happened below it.
  const hasWords = text.slice(0, at).trim().length > 0
  if (!hasWords) return { notice: text, returned: text }
  return { notice: text.slice(0, at), returned: text.slice(at) }
}

/** Reads the header section of a message that follows in a text, wherever it begins. */
export function originalIn(text: string): Original {
  const plain = /^>[ ]?received:/im.test(text) ? text.replace(/^>[ ]?/gm, '') : text
  const start =
    /^(?:received|return-path|message-id|from|to|subject|date|x-[\w-]{1,40}|mime-version|delivered-to):/im.exec(
      plain,
    )
  return start === null ? NOTHING_RETURNED : originalOf(splitHeader(plain.slice(start.index)).fields)
}

export function originalOf(fields: Fields): Original {
  const messageId = /<[^<>\s]{3,300}>/.exec(value(fields, 'message-id'))?.[0]
  const from = addressesIn(value(fields, 'from'))[0]
  const subject = words(fields, 'subject')
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(from === undefined ? {} : { from }),
    ...(subject === '' ? {} : { subject }),
    to: receiversOf(fields),
    fields,
  }
}

/** `for <a@example.com>` of the newest trace is what was addressed; To is for people. RFC 5321 §4.4 */
function receiversOf(fields: Fields): readonly string[] {
  const traced = (fields.get('received') ?? []).flatMap(
    (trace) => /\bfor <?([^\s<>;]{3,320}@[^\s<>;]{1,255})>?/.exec(trace)?.[1] ?? [],
  )
  const named = ['x-envelope-to', 'envelope-to', 'to', 'x-rcpt-to', 'delivered-to'].flatMap((name) =>
    (fields.get(name) ?? []).flatMap(addressesIn),
  )
  const [newest] = traced
  return newest === undefined ? [...new Set(named)] : [newest]
}

// The local part may be quoted, or break the rules as old addresses of Japanese carriers do: `a..b@`, `c.@`.
const ADDRESS =
  /(?:"[^"\s@]{1,64}"|[^\s"'<>()[\]{}:;,@\\`|*（）「」]{1,100})@(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,62})\.){1,8}[\p{L}\p{N}][\p{L}\p{N}-]{0,62}/gu

/** Addresses in a text, in order, each once for each time it is there; those of X.400 without what is before them. */
export function addressesIn(text: string): readonly string[] {
  const found = text.slice(0, 20_000).match(ADDRESS) ?? []
  return found.map((address) => address.replace(/^(?:smtp|rfc-?822)=/i, ''))
}
