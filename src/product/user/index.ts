export { Attempts, whoseAddress } from './attempts.ts'
export type {
  Grant,
  Identity,
  IdentityPolicy,
  IdentitySignedIn,
  KnownIdentity,
  Linking,
} from './identities.ts'
export type { Invitation } from './invitations.ts'
export { invitationLetter, resetLetter } from './letter.ts'
export type { Letter } from './letter.ts'
export type { Opened } from './persons.ts'
export type {
  NewPasskey,
  Passkey,
  PasskeyAnswer,
  PasskeyRefusal,
  PasskeySignIn,
  RelyingParty,
} from './passkeys.ts'
export type { ProofRefusal } from './proof.ts'
export { createHasher } from './password-hash.ts'
export { mayGive, ROLES, scopesOf } from './role.ts'
export type { Giver, Role } from './role.ts'
export type { CodeRefusal } from './second-factor.ts'
export type { Client, Current, Session, SignInRefusal } from './sessions.ts'
export { LANGUAGES, UserError } from './user.ts'
export type { Language, Member, User } from './user.ts'
export { openUsers } from './users.ts'
export type { Users } from './users.ts'
