/** The replies of the door itself, beside those of the session. Their words are for strangers: bland on purpose. */

import { SpoolError } from '#engine/spool'
import { reply } from '#grammar/smtp'
import type { ContentFault, Reply } from '#grammar/smtp'

export const TOO_MANY_CONNECTIONS = reply(421, '4.7.0', 'Too many connections, try again later')
export const TOO_MANY_FROM_ADDRESS = reply(421, '4.7.0', 'Too many connections from your address')
export const TOO_MANY_OF_ORGANIZATION = reply(421, '4.7.0', 'Too many connections of your organization')
export const SHUTTING_DOWN = reply(421, '4.3.2', 'Service is shutting down, try again later')
const FAILED = reply(421, '4.3.0', 'Internal error, try again later')

export const TALKED_EARLY = reply(554, '5.5.1', 'You spoke before the greeting')
export const TLS_IN_CLEAR = reply(
  554,
  '5.5.1',
  'This port begins in clear: use STARTTLS, or the port for TLS',
)
export const SENT_AHEAD_OF_TLS = reply(501, '5.5.2', 'Nothing may be sent between STARTTLS and the handshake')
export const BAD_PROXY_HEADER = reply(421, '4.7.0', 'No valid PROXY header')

/** RFC 4954 §6: 454 says to come back later, and that this was not about the password. */
export const LOGIN_PUT_OFF = reply(454, '4.7.0', 'Too many failed logins, try again later')
export const ADDRESS_PUT_OFF = reply(421, '4.7.0', 'Too many failed logins from your address')
export const LOGIN_UNAVAILABLE = reply(454, '4.7.0', 'Temporary authentication failure')
export const LOGIN_WRONG = reply(535, '5.7.8', 'Authentication credentials invalid')

export const NOT_YOUR_DOMAIN = reply(550, '5.7.1', 'Your organization does not send from that domain')
export const NOT_YOUR_AUTHOR = reply(
  550,
  '5.7.1',
  'The From field names a domain your organization does not send from',
)
export const NO_AUTHOR = reply(550, '5.7.1', 'The From field names nobody, or cannot be read')
export const HEADER_TOO_LARGE = reply(552, '5.3.4', 'The header section is too large')
export const TOO_MANY_FIELDS = reply(552, '5.3.4', 'The header section has too many fields')
export const LOOP = reply(554, '5.4.6', 'The message is in a loop: too many Received fields')
export const MIME_TOO_DEEP = reply(554, '5.6.0', 'MIME parts are nested too deep, or too many')
export const CHECK_FAILED = reply(451, '4.3.0', 'The sender could not be checked, try again later')

export const RECIPIENT_CHECK_FAILED = reply(
  451,
  '4.3.0',
  'The recipient could not be checked, try again later',
)

/** What a client that is late hears: with the limit, so that its operator knows what to ask ours for. RFC 5321 §3.8 */
export function tooLate(late: 'idle' | 'session' | 'rate', limits: LatenessLimits): Reply {
  switch (late) {
    case 'idle':
      return reply(421, '4.4.2', `Nothing came for too long: the limit is ${limits.idle / 1000} s, closing`)
    case 'session':
      return reply(
        421,
        '4.4.2',
        `The session lasted too long: the limit is ${limits.session / 1000} s, closing`,
      )
    case 'rate':
      return reply(
        421,
        '4.4.2',
        `The content came too slowly: the least is ${limits.minimumRate} octets/s, closing`,
      )
  }
}

type LatenessLimits = { readonly idle: number; readonly session: number; readonly minimumRate: number }

/**
 * RFC 3463 §3.7 has no code for line endings. 5.6.0 is what is registered and nearest; 5.6.11, which one large
 * server says, is not, and 521 means a host that takes no mail at all (RFC 7504 §3).
 */
export function refusedContent(fault: ContentFault): Reply {
  switch (fault) {
    case 'bare-cr':
      return reply(550, '5.6.0', 'Bare CR in content: lines end with CRLF, RFC 5321 §2.3.8')
    case 'bare-lf':
      return reply(550, '5.6.0', 'Bare LF in content: lines end with CRLF, RFC 5321 §2.3.8')
    case 'nul':
      return reply(550, '5.6.0', 'NUL in content needs BODY=BINARYMIME')
    case 'too-large':
      // RFC 1870 §6.3
      return reply(552, '5.3.4', 'Message size exceeds fixed maximum message size')
  }
}

/** After these nothing the client sends can be trusted to mean what we read: others may see other lines. */
export function endsSession(fault: ContentFault | undefined): boolean {
  return fault === 'bare-cr' || fault === 'bare-lf'
}

/**
 * What to say of an error of ours; `undefined`: nothing. When the spool breaks, the message is written, and perhaps
 * there after a restart: neither a 250 nor a 4yz would be true. The client takes a lost connection for what it is, not
 * knowing, and sends again. RFC 1047 §3
 */
export function failure(error: unknown): Reply | undefined {
  return error instanceof SpoolError && error.code === 'broken' ? undefined : FAILED
}
