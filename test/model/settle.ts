// Holds what is left out of a state because nothing that can come depends on it, so that fewer states are looked at.

import type { Bounds } from './bounds.ts'
import { mayCome, newGateway, type Call, type State } from './state.ts'

/** Bugs under which what is over is not over. */
const HAUNTED = ['goTwice', 'numbersReused', 'deposedRecords']

/** Leaves out what is over. Changes the state in place. */
export function settle(state: State, bounds: Bounds): void {
  if (bounds.bug !== undefined && HAUNTED.includes(bounds.bug)) return
  const { calls, gateways } = state
  for (const call of calls) if (isOver(call)) settleCall(call)
  const jumps = mayCome(state, bounds, 'jump')
  const more = bounds.calls.includes('probe') || calls.some(({ at }) => at < 0)
  gateways.forEach((gateway, index) => {
    if (!jumps && gateway.behind < 0) gateway.behind = 0
    const live = calls.filter((call) => call.at === index && !isOver(call))
    for (const link of [gateway.link, gateway.old]) {
      if (link === undefined) continue
      if (link.up.length > 0) link.up = spare(link.up, 'crdax', live)
      if (link.down.length > 0) link.down = spare(link.down, 'yge', live)
    }
    if (live.length > 0 || more) return
    gateways[index] = { ...newGateway(bounds.lease, 0), done: true }
  })
}

/** Neither control nor its gateway will do anything about it; control may never have heard of it. */
function isOver({ on, stage, here }: Call): boolean {
  return here === 'over' && (stage === 'over' || (stage === 'none' && on === 'none'))
}

/** What is still asked about a call that is over: whether it was sent, on what. Its gateway is where others like it are. */
function settleCall(call: Call): void {
  call.n = 0
  call.on = 'none'
  call.deposed = false
  call.orphan = false
  call.more = false
}

/** Messages but those about calls that are over. */
function spare(messages: string, letters: string, live: readonly Call[]): string {
  let kept = ''
  for (let i = 0; i < messages.length; i += 2) {
    const about = letters.includes(messages[i]!)
    if (about && !live.some(({ n }) => `${n}` === messages[i + 1])) continue
    kept += messages.slice(i, i + 2)
  }
  return kept
}
