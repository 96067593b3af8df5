/** Where the log of every thread goes. */

import type { Config } from '#platform/config'
import type { LogOptions } from '#platform/log'

/** Standard output, or the file that the configuration names. */
export function logOptions({ log }: Config, thread: string): LogOptions {
  return { level: log.level, to: log.file ?? 1, fields: { thread } }
}
