/** HTML that cannot be injected into: whatever is put into a template is escaped, unless it is markup already. */

export type Markup = { readonly html: string }

export function markup(
  strings: TemplateStringsArray,
  ...values: readonly (Markup | readonly Markup[] | string | number)[]
): Markup {
  return { html: String.raw({ raw: strings }, ...values.map(written)) }
}

function written(value: Markup | readonly Markup[] | string | number): string {
  if (typeof value === 'string') return escape(value)
  if (typeof value === 'number') return String(value)
  return 'html' in value ? value.html : value.map(({ html }) => html).join('')
}

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Control characters but tab and line ends become U+FFFD: a terminal that shows the source must not obey them. */
function escape(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const visible = text.replace(/[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]/g, '\uFFFD')
  return visible.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
