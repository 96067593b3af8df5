export { openReceivedReports } from './reports.ts'
export type {
  Brought,
  KeptReport,
  ReceivedReports,
  ReportQuery,
  ReportRow,
  ReportVerdict,
} from './reports.ts'
