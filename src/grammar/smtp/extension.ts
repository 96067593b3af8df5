/** The service extensions of the server side, by their EHLO keywords. */

export type Extension =
  | 'PIPELINING'
  | 'SIZE'
  | '8BITMIME'
  | 'SMTPUTF8'
  | 'ENHANCEDSTATUSCODES'
  | 'CHUNKING'
  | 'BINARYMIME'
  | 'DSN'
  | 'DELIVERBY'
  | 'FUTURERELEASE'
  | 'MT-PRIORITY'
  | 'REQUIRETLS'
  | 'LIMITS'
  | 'STARTTLS'
  | 'AUTH'
  | 'XCLIENT'
