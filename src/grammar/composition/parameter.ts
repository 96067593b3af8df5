/** Parameters of Content-Type and Content-Disposition that may hold any text. RFC 2231 §3, §4 */

const PLAIN = /^[\x20-\x7e]{1,60}$/
/** RFC 2231 §7 without what needs no escape in it. */
const ATTRIBUTE = /^[\w!#$&+\-.^`{|}~]$/

/** Characters of a section, so that no line becomes long. */
const SECTION = 50

/** `; name="value"`, or the value in sections of escaped UTF-8; an empty value is no parameter. */
export function parameter(name: string, value: string): string {
  if (value === '') return ''
  if (PLAIN.test(value)) return `; ${name}="${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  const escaped = Array.from(value.toWellFormed(), escape)
  const sections = inSections(escaped)
  const [only] = sections
  if (only !== undefined && sections.length === 1) return `; ${name}*=utf-8''${only}`
  return sections.map((section, n) => `; ${name}*${n}*=${n === 0 ? "utf-8''" : ''}${section}`).join('')
}

function escape(character: string): string {
  if (ATTRIBUTE.test(character)) return character
  const octets = Array.from(Buffer.from(character), (octet) => octet.toString(16).toUpperCase())
  return octets.map((octet) => `%${octet.padStart(2, '0')}`).join('')
}

/** No character is cut in two. */
function inSections(characters: readonly string[]): readonly string[] {
  const sections: string[] = []
  let section = ''
  for (const character of characters) {
    if (section.length + character.length > SECTION) {
      sections.push(section)
      section = ''
    }
    section += character
  }
  return [...sections, section]
}
