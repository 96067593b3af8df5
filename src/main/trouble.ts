/**
 * Errors of the machine in words of the operator: what stands in the way of a command, and what to do about it. Errors
 * come from other threads too, where only their message is left; so that is what is read.
 */

import type { Config } from '#platform/config'

/** What is found where the data directory should be; `forbidden`: this user may not write to it. */
export type Found = 'nothing' | 'a file' | 'forbidden' | 'a directory'

export type Surroundings = {
  readonly config: Config
  /** Looks at a path of the data directory. */
  readonly look: (path: string) => Found
}

/** `undefined` when the message says all that is known. */
export function troubleOf(message: string, around: Surroundings): string | undefined {
  return listening(message, around.config) ?? database(message, around.config) ?? directory(message, around)
}

const LISTEN = /\blisten (\w+): [^:]*?(?: (\S+?))?(?::(\d+))?$/

function listening(message: string, config: Config): string | undefined {
  const [, code = '', address = '', port = ''] = LISTEN.exec(message) ?? []
  const place = `${address.includes(':') ? `[${address}]` : address}:${port}`
  const section = sectionOf(Number(port), config)
  switch (code) {
    case 'EADDRINUSE':
      return `another program listens on ${place}${section}: "ss -ltnp sport = :${port}" tells which; end it, or choose another port`
    case 'EACCES':
      return `this user may not listen on ${place}${section}: ports below 1024 need CAP_NET_BIND_SERVICE, which the installed service has; elsewhere choose a higher port`
    case 'EADDRNOTAVAIL':
      return `${address} is no address of this machine${section}: "ip address" shows which it has`
    default:
      return undefined
  }
}

function sectionOf(port: number, { listeners, http, api, sandbox }: Config): string {
  if (port === 0) return ''
  const listener = listeners.find((one) => one.port === port)
  if (listener !== undefined) return `, which [listeners.${listener.name}] asks for`
  if (http.port === port) return ', which [http] asks for'
  if (api.enabled && api.port === port) return ', which [api] asks for'
  const { smtpPort, dnsPort, httpPort } = sandbox
  return [smtpPort, dnsPort, httpPort].includes(port) ? ', which [sandbox] asks for' : ''
}

/** What a connection to PostgreSQL fails with: of the network, of the login, of the name. */
const AWAY =
  /\bconnect E|getaddrinfo|timeout|authentication failed|no pg_hba|role "|database "|Connection terminated|the database system is/

function database(message: string, { store, node }: Config): string | undefined {
  if (/^postgres(ql)?:/.test(store.url)) {
    if (!AWAY.test(message)) return undefined
    return `the database of store.url (${withoutPassword(store.url)}) cannot be reached: ${message}. See that it runs and lets this machine in`
  }
  if (!/not a database|malformed/.test(message)) return undefined
  return `a database in ${node.data} is damaged (${message}): restore the directory from a backup, or move spool.db* away to begin without the mail in it, control.db* without domains and logins`
}

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^:@/]*):[^@]*@/, '$1@')
}

const OF_FILES = /unable to open database file|readonly database|\b(EACCES|EPERM|EROFS|EEXIST|ENOTDIR)\b/

function directory(message: string, { config: { node }, look }: Surroundings): string | undefined {
  if (/\bENOSPC\b|disk is full/.test(message))
    return `no space is left where ${node.data} lies (${message}): free some, and try again`
  if (!OF_FILES.test(message)) return undefined
  const name = `${node.data}, the data directory (node.data),`
  switch (look(node.data)) {
    case 'a file':
      return `${name} is a file: move it away, or name a directory`
    case 'forbidden':
      return `${name} may not be written by this user (${message}): run this as the user that runs the node, or give it the directory`
    case 'nothing':
      return `${name} cannot be made by this user (${message}): make it, and give it to the user that runs the node`
    case 'a directory':
      return `something in ${name} may not be used by this user (${message}): "ls -la ${node.data}" shows whose it is`
  }
}
