/** Notifications of Amazon SES, which come as JSON in a message of Amazon SNS. Data of its documentation. */

/** As the receiving side of SES tells: only what is there and of the right type. */
export type AmazonNotice = {
  readonly kind: 'bounce' | 'complaint' | 'success'
  readonly recipients: readonly AmazonRecipient[]
  readonly messageId?: string
  readonly feedbackType?: string
}

export type AmazonRecipient = {
  readonly address: string
  readonly status: string
  readonly diagnostic: string
}

type Json = Record<string, unknown>

/** `undefined` when the text is no such notification. Folding by mailers (`!` and a line end) is undone. */
export function amazonNotice(text: string): AmazonNotice | undefined {
  const start = text.indexOf('{')
  const end = text.lastIndexOf('}')
  if (start < 0 || end < start || !/"(?:notification|event)Type"/.test(text)) return undefined
  const json = parsed(
    text
      .slice(start, end + 1)
      .replace(/!\n[ \t]?/g, '')
      .replaceAll('\n', ''),
  )
  if (json === undefined) return undefined
  const mail = object(json['mail'])
  const messageId = string(mail['messageId'])
  const base = messageId === '' ? {} : { messageId }
  switch (string(json['notificationType'] ?? json['eventType'])) {
    case 'Bounce':
      return { kind: 'bounce', recipients: bounced(object(json['bounce'])), ...base }
    case 'Complaint': {
      const complaint = object(json['complaint'])
      const recipients = list(complaint['complainedRecipients']).map(recipientOf)
      return {
        kind: 'complaint',
        recipients,
        ...base,
        feedbackType: string(complaint['complaintFeedbackType']),
      }
    }
    case 'Delivery':
      return { kind: 'success', recipients: delivered(object(json['delivery'])), ...base }
    default:
      return undefined
  }
}

function bounced(bounce: Json): readonly AmazonRecipient[] {
  const kind = `${string(bounce['bounceType'])} ${string(bounce['bounceSubType'])}`.trim()
  return list(bounce['bouncedRecipients']).map((recipient) => {
    const read = recipientOf(recipient)
    return read.diagnostic === '' ? { ...read, diagnostic: `bounce type: ${kind}` } : read
  })
}

function delivered(delivery: Json): readonly AmazonRecipient[] {
  const recipients = Array.isArray(delivery['recipients']) ? delivery['recipients'].map(string) : []
  return recipients.map((address) => ({
    address,
    status: '2.0.0',
    diagnostic: string(delivery['smtpResponse']),
  }))
}

function recipientOf(recipient: Json): AmazonRecipient {
  return {
    address: string(recipient['emailAddress']),
    status: string(recipient['status']),
    diagnostic: string(recipient['diagnosticCode']),
  }
}

function parsed(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text)
    const inner = object(json)
    // SNS may wrap the notification once more.
    return typeof inner['Message'] === 'string' ? object(JSON.parse(inner['Message'])) : inner
  } catch {
    return undefined
  }
}

function object(json: unknown): Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Json) : {}
}

function list(json: unknown): readonly Json[] {
  return Array.isArray(json) ? json.slice(0, 100).map(object) : []
}

function string(json: unknown): string {
  return typeof json === 'string' ? json : ''
}
