export type { Authenticator, Credential, Organization, ScramVerifier } from './account.ts'
