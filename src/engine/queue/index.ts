export type { Accepted, Arrival, Intake, StreamedArrival } from './intake.ts'
