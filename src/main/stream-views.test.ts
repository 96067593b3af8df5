import assert from 'node:assert/strict'
import { test } from 'node:test'

import { loadConfig } from '#platform/config'

import { streamViews } from './stream-views.ts'

const DAY = 86_400

function viewsOf(toml: string): ReadonlyMap<string, ReturnType<typeof streamViews>[number]> {
  const loaded = loadConfig({ path: 'x', env: {}, readFile: () => toml, hostname: 'mx.example.com' })
  assert(loaded.ok, loaded.ok ? '' : loaded.problems.join('\n'))
  return new Map(streamViews(loaded.config).map((view) => [view.stream, view]))
}

test('the two that are always there are shown, also where the configuration names another', () => {
  const views = viewsOf('[streams.alerts]\nretention = "3d"\nweight = 5')
  assert.deepEqual([...views.keys()], ['transactional', 'marketing', 'alerts'])
  assert.equal(views.get('marketing')?.kind, 'marketing')
  assert.equal(views.get('marketing')?.list_unsubscribe, 'both')
  assert.equal(views.get('alerts')?.weight, 5)
  assert.equal(views.get('alerts')?.retention_seconds, 3 * DAY)
  assert.equal(views.get('transactional')?.retention_seconds, 14 * DAY)
})

test('what is tracked is shown as it is: without the door for it, nothing', () => {
  const stream = '[streams.news]\nkind = "marketing"\ntrack_opens = true\n'
  assert.deepEqual(viewsOf(stream).get('news')?.tracking, { opens: false, clicks: false })
  const served = `${stream}[tracking]\nenabled = true\nurl = "https://click.example.com"\n`
  assert.deepEqual(viewsOf(served).get('news')?.tracking, { opens: true, clicks: false })
})
