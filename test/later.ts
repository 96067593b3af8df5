/**
 * Makes it later, for a process that is started with `--import` of this file and `TEST_LATER` in its environment: so many
 * milliseconds. Its threads are later too. Time goes on as it does.
 */

const real = Date.now
const later = Number(process.env['TEST_LATER'] ?? 0)

Date.now = () => real() + later
