/** Names in a text, exchanged for what they stand for: in one pass, so that nothing put in is read again. */

/** `names` may be any text. Where two begin at one place, the longer is meant. */
export function replacer(values: ReadonlyMap<string, string>): (text: string) => string {
  const names = [...values.keys()].filter((name) => name !== '').toSorted((a, b) => b.length - a.length)
  if (names.length === 0) return (text) => text
  // Names as they are, with nothing repeated: it takes no more steps than there are characters and names.
  const pattern = new RegExp(names.map((name) => RegExp.escape(name)).join('|'), 'g')
  return (text) => text.replaceAll(pattern, (name) => values.get(name) ?? name)
}

/** What is put in must not add lines to the header section. RFC 5322 §2.1.1 */
export function isSubject(text: string): boolean {
  return text.length <= 998 && !/[\r\n\0]/.test(text)
}
