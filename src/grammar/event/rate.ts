/** The shares of mail that are watched, and over what time. */

/** What is watched. */
export const MEASURES = ['complained', 'refused', 'bounced', 'deferred'] as const
export type Measure = (typeof MEASURES)[number]

/** Whole hours of each. */
export const SPANS = { hour: 1, day: 24, week: 7 * 24 } as const
export type Span = keyof typeof SPANS
