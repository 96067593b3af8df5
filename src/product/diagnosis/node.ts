/** Whether a node runs, takes mail, and is of the release that asks. */

import type { NodeStatus } from '#product/operation'
import type { Finding } from '#product/verification'

export type NodeState =
  | { readonly at: 'running'; readonly status: NodeStatus }
  | { readonly at: 'absent' }
  /** It has a socket, and does not answer in a way that can be used. */
  | { readonly at: 'silent'; readonly why: string }

export function checkNode(state: NodeState, version: string): Finding {
  switch (state.at) {
    case 'absent':
      return finding('warning', 'no node runs', 'hikyaku serve')
    case 'silent':
      return finding('problem', `the node does not answer: ${state.why}`)
    case 'running':
      return judge(state.status, version)
  }
}

function judge(status: NodeStatus, version: string): Finding {
  const who = `process ${status.pid}`
  if (!status.accepting)
    return finding('problem', `${who} takes no mail: ${status.refusal ?? 'it is shutting down'}`)
  if (status.version !== version)
    return finding('warning', `${who} is ${status.version}, this is ${version}`, 'restart the node')
  return finding('ok', `${who} takes mail; ${status.waiting} waiting, ${status.onWire} on the wire`)
}

function finding(level: Finding['level'], text: string, advice?: string): Finding {
  return { level, check: 'node', text, ...(advice === undefined ? {} : { advice }) }
}
