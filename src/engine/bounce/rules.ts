/** All rules in the order they are tried: what is sure before what is likely, receivers' own words before everybody's. */

import type { Rule } from './rule.ts'
import { CODES } from './rules/codes.ts'
import { CONTENT } from './rules/content.ts'
import { GOOGLE_RULES } from './rules/google.ts'
import { JAPAN } from './rules/japan.ts'
import { LANGUAGES } from './rules/languages.ts'
import { MICROSOFT_RULES } from './rules/microsoft.ts'
import { PROVIDERS } from './rules/providers.ts'
import { FULL, RECIPIENT, UNKNOWN } from './rules/recipient.ts'
import { LOOP, ROUTE } from './rules/route.ts'
import { SYSTEM } from './rules/system.ts'
import { OURSELVES, OWN_QUOTA, TRUST } from './rules/trust.ts'

export const RULES: readonly Rule[] = [
  ...JAPAN,
  ...GOOGLE_RULES,
  ...MICROSOFT_RULES,
  ...CODES,
  ...PROVIDERS,
  ...LOOP,
  ...LANGUAGES,
  ...OWN_QUOTA,
  ...FULL,
  ...UNKNOWN,
  ...TRUST,
  ...CONTENT,
  ...OURSELVES,
  ...RECIPIENT,
  ...ROUTE,
  ...SYSTEM,
]
