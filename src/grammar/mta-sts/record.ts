/** The TXT record that says a domain has an MTA-STS policy, and which. RFC 8461 §3.1 */

export type StsRecord =
  | { readonly kind: 'record'; readonly id: string }
  /** None that is meant to be one. */
  | { readonly kind: 'none' }
  /** Something is there, and it counts as nothing. */
  | { readonly kind: 'invalid'; readonly why: string }

/** Takes all TXT records of `_mta-sts.<domain>`. */
export function parseStsRecord(texts: readonly string[]): StsRecord {
  // RFC 8461 §3.1: records that do not begin so are passed over, and of the others there must be one.
  const meant = texts.filter((text) => /^v=STSv1[ \t]*(?:;|$)/.test(text))
  const [text] = meant
  if (text === undefined) return { kind: 'none' }
  if (meant.length > 1) return { kind: 'invalid', why: `${meant.length} records instead of one` }
  return fieldsOf(text)
}

function fieldsOf(text: string): StsRecord {
  const fields = text.split(';').map((field) => field.trim())
  if (fields.at(-1) === '') fields.pop()
  const named = fields.map((field) => field.split('='))
  if (named.some(([name = '', value = '']) => name === '' || value === '')) {
    return { kind: 'invalid', why: 'a field that is not name=value' }
  }
  const id = named.find(([name]) => name === 'id')?.[1]
  if (id === undefined) return { kind: 'invalid', why: 'no id' }
  if (!/^[A-Za-z0-9]{1,32}$/.test(id))
    return { kind: 'invalid', why: 'an id that is not 1 to 32 letters and digits' }
  return { kind: 'record', id }
}
