/** What became of one delivery, as far as it says something of its recipient. */

/** `type` is `hard` when it will never be taken; the words are those of bounce analysis. */
export type Bounce = { readonly class: string; readonly type: string }

export type Experience = {
  readonly organization: string
  readonly stream: string
  /** As `addressKey` writes it. */
  readonly address: string
  /** Such as `0ab3xk9m2pq.0`. */
  readonly delivery: string
  readonly at: number
} & (
  | { readonly kind: 'delivered' }
  | ({ readonly kind: 'bounced'; readonly evidence: string } & Bounce)
  | { readonly kind: 'complained' | 'unsubscribed'; readonly evidence: string }
)

/** Between the two, the words of a host and the rule of the operator's that took them for a reason to stop. */
export function ruledEvidence(reply: string, rule: string): string {
  return `${reply} (rule ${rule})`
}

/** Whether a shaping rule suppressed, and not the class of the reply. */
export function isRuled(evidence: string): boolean {
  return / \(rule [^()]+\)$/.test(evidence)
}
