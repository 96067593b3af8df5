/** Cells of files for spreadsheets. RFC 4180 §2 */

/** A spreadsheet computes what begins so, and strangers write addresses. */
export function csvCell(text: string): string {
  const harmless = /^[=+\-@\t]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
