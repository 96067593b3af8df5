export { CliError, EXIT } from './host.ts'
export type {
  CliHost,
  ConfigReport,
  DoctorOptions,
  GlobalOptions,
  PolicyView,
  Rehearsal,
  RehearsalPlan,
  RulesReport,
  ShapingQuery,
  ShapingView,
} from './host.ts'
export { manual } from './manual.ts'
export type { Manual, ManualRow } from './manual.ts'
export { runCli } from './program.ts'
export { remoteOperations } from './remote.ts'
export { remoteStreams } from './remote-stream.ts'
