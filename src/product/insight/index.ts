export { statistics, STATISTIC_KEYS } from './statistics.ts'
export type { CountSource, Statistic, StatisticKey, StatisticsQuery } from './statistics.ts'
export { SHEET_CHARSETS, SHEET_MARK, sheetLine, sheetOctets, sheetOf } from './sheet.ts'
export type { SheetCharset } from './sheet.ts'
