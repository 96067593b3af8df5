export { CertificateError, Certificates } from './certificates.ts'
export type { CertificateFiles, CertificateOptions } from './certificates.ts'
export { ensureSelfSigned, selfSigned } from './self-signed.ts'
