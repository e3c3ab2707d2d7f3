// Holds `approval watch`: held calls shown as they come, each asked about once, and left alone by default.

import { setTimeout as wait } from 'node:timers/promises'
import { publicFault } from '../std/fault.ts'
import { Approval, ApprovalsAnswer, ApprovalSummary } from '../wire/api/approval.ts'
import type { Context } from './context.ts'
import { target, type Control } from './control/control.ts'
import { fault } from './faults.ts'
import { drawApproval } from './terminal/approval.ts'
import { askLine, canAsk, choose } from './terminal/ask.ts'
import { lineJson } from './terminal/json.ts'

/** How often the server is asked (ms). */
const EVERY_MS = 1_000

async function decide(context: Context, control: Control, approval: Approval): Promise<void> {
  const { screen, shell } = context
  const yours = approval.gates.filter((gate) => gate.yours)
  const what = approval.ahead === undefined ? 'exactly this call, once' : 'what is asked ahead'
  const verb = await choose(
    shell,
    `${approval.agent} wants to call ${approval.system}/${approval.action}`,
    [
      ['leave', 'No: leave it waiting'],
      ['deny', 'Deny it'],
      // Two gates are two approvals: each is said by itself.
      ...yours.map(({ policy, present }): [string, string] =>
        present
          ? [`agree ${policy}`, `Agree at ${policy}: with a passkey, on its page`]
          : [`agree ${policy}`, `Agree at ${policy}: ${what}`],
      ),
    ],
    'leave',
  )
  if (verb === 'leave') return
  const gate = yours.find(({ policy }) => `agree ${policy}` === verb)
  if (gate?.present === true) return screen.say(`agree there with a passkey: ${approval.url}`)
  const reason = await askLine(shell, 'Why? This stands in the record, and the agent is told.')
  const path = target(['v1', 'approvals', approval.id, gate === undefined ? 'deny' : 'approve'])
  const body = { reason, ...(gate !== undefined && { gate: gate.policy }) }
  try {
    const answered = await control.send('POST', path, body, ApprovalSummary)
    screen.say(`${answered.state}: ${answered.id}`)
    const more = answered.state === 'pending' && answered.gates.some(({ yours: asks }) => asks)
    if (more) await decide(context, control, { ...approval, ...answered })
  } catch (error) {
    // It may have expired, or somebody else was quicker: told, and the watch goes on.
    const { code, detail } = publicFault(error)
    if (code === 'cli.interrupted' || code === 'internal') throw error
    screen.say(`not answered: ${detail} (${code})`)
  }
}

/** Watches until it is interrupted. Without a terminal nothing is asked; with `-o json` each held call is one line of JSON. */
export async function watch(context: Context): Promise<never> {
  const { screen, shell, asking } = context
  const control = await context.control()
  const json = screen.format === 'json'
  const asks = canAsk(shell, asking) && !json
  const seen = new Set<string>()
  screen.say('waiting for held calls; control-C ends this')
  for (;;) {
    const path = target(['v1', 'approvals'], { state: 'pending' })
    const { approvals } = await control.get(path, ApprovalsAnswer)
    // What is no longer pending need not be remembered.
    const pending = new Set(approvals.map((approval) => approval.id))
    for (const id of seen) if (!pending.has(id)) seen.delete(id)
    for (const { id } of approvals.toReversed()) {
      if (seen.has(id)) continue
      seen.add(id)
      const approval = await control.get(target(['v1', 'approvals', id]), Approval)
      if (!asks) {
        const surface = screen.surface
        const shown = json ? lineJson(approval) : drawApproval(approval, surface, screen.now)
        screen.data(`${shown}\n`)
        continue
      }
      screen.show(`\n${drawApproval(approval, screen.talk, screen.now)}\n`)
      await decide(context, control, approval)
    }
    await wait(EVERY_MS, undefined, { signal: shell.interrupted }).catch((cause: unknown) => {
      throw fault('cli.interrupted', 'interrupted', cause)
    })
  }
}
