export type { DkimKey, Domain, DomainDirectory } from './domain.ts'
