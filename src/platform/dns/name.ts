/** Domain names as they go into a question. */

const MAX_NAME = 253
const MAX_LABEL = 63

/**
 * Lower case, without the final dot; `undefined` for what no query can carry: an empty label, a label beyond 63
 * octets, a name beyond 253, anything outside printable ASCII. Underscores and the like pass. RFC 1035 §2.3.4,
 * RFC 2181 §11
 */
export function questionName(text: string): string | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase()
  if (name === '' || name.length > MAX_NAME || !/^[\x21-\x7e]+$/.test(name)) return undefined
  return name.split('.').every((label) => label !== '' && label.length <= MAX_LABEL) ? name : undefined
}

/**
 * The name with random capitals, which an honest answer repeats: up to one more bit a letter for a forger to guess.
 * draft-vixie-dnsext-dns0x20
 */
export function mixCase(name: string, random: () => number): string {
  let mixed = ''
  let bits = 0
  for (let index = 0; index < name.length; index++) {
    if (index % 24 === 0) bits = Math.floor(random() * 0x1000000)
    const one = name.charAt(index)
    mixed += (bits & (1 << (index % 24))) === 0 ? one : one.toUpperCase()
  }
  return mixed
}
