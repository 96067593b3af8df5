/** What links that work once are for; each stands behind the `#` of its address. */

export type LinkKind = 'owner' | 'invitation' | 'reset'
