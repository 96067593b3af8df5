export { CliError, EXIT } from './host.ts'
export type { CliHost, ConfigReport, GlobalOptions } from './host.ts'
export { runCli } from './program.ts'
export { remoteOperations } from './remote.ts'
