/** Holds the documents to the code, all in one process. `--write` brings up to date the tables that the code can tell. */

import { writeFileSync } from 'node:fs'

import { checkBounces, writeBounces } from './check-bounces.ts'
import { checkCli, writeCli } from './check-cli.ts'
import { checkClient, writeClient } from './check-client.ts'
import { checkConfig, writeConfig } from './check-config.ts'
import { checkErrors } from './check-errors.ts'
import { checkEvents } from './check-events.ts'
import { checkLinks } from './check-links.ts'
import { checkMap, writeMap } from './check-map.ts'
import { checkMetrics, declaredMetrics, writeMetrics } from './check-metrics.ts'
import { checkRfc } from './check-rfc.ts'
import { checkShaping, writeShaping } from './check-shaping.ts'
import { readTree } from './tree.ts'

const declared = await declaredMetrics()

if (process.argv.includes('--write')) {
  const old = readTree()
  writeFileSync('docs/architecture.md', writeMap(old))
  writeFileSync('docs/bounces.md', writeBounces(old))
  writeFileSync('docs/cli.md', writeCli(old))
  await writeClient()
  writeFileSync('docs/configuration.md', writeConfig(old))
  writeFileSync('docs/metrics.md', writeMetrics(old, declared))
  writeFileSync('docs/shaping.md', writeShaping(old))
}

const tree = readTree()
const problems = [
  ...checkMap(tree),
  ...checkRfc(tree),
  ...checkErrors(tree),
  ...checkEvents(tree),
  ...checkMetrics(tree, declared),
  ...checkBounces(tree),
  ...checkCli(tree),
  ...checkConfig(tree),
  ...checkShaping(tree),
  ...checkLinks(tree),
  ...(await checkClient()),
]
for (const problem of problems) console.log(problem)
process.exitCode = problems.length > 0 ? 1 : 0
