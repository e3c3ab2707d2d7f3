// Holds `status`: what runs here, and what the operator should know about it.

import type { Command } from 'commander'
import { Status } from '../wire/api/status.ts'
import type { Context } from './context.ts'
import { fields, type Cell, type Surface } from './terminal/table.ts'
import { visible } from './terminal/visible.ts'
import { when } from './terminal/when.ts'
import { tellUnseen } from './unseen.ts'

/** The status for people. */
export function drawStatus(status: Status, surface: Surface, now: number): string {
  const { listeners, log, policies } = status
  const nothing: Cell = { text: 'none: every call is denied', style: 'yellow' }
  const out = fields(
    [
      ['version', status.version],
      ['home', status.home],
      ['started', when(status.started_at, now)],
      ['control', listeners.control],
      ['identity', listeners.identity],
      ['gateway', listeners.gateway],
      ['for tokens', listeners.gateway_plain ?? 'not served without TLS'],
      [
        'workload API',
        listeners.workload === null ? 'not served' : `SPIFFE_ENDPOINT_SOCKET=${listeners.workload}`,
      ],
      ['trust domain', status.trust_domain],
      ['authority', `sha256:${status.authority_fingerprint}`],
      ['authority ends', status.authority_ends.slice(0, 10)],
      ['agents', `${status.agents} registered, ${status.instances_live} instances live`],
      ['systems', `${status.systems} pinned, ${status.upstreams} processes`],
      [
        'policies',
        policies === null
          ? nothing
          : `${policies.count}, applied ${when(policies.applied_at, now)} by ${policies.applied_by}`,
      ],
      ['calls', `${status.calls_in_flight} under way`],
      ['approvals', held(status.approvals_pending)],
      ['locks', status.locks === 0 ? 'none' : { text: String(status.locks), style: 'red' }],
      ['log', `${log.size} records, ${witnessed(log)}, origin ${log.origin}`],
      ['root', log.root],
      ['situation', status.situation],
      ['published', log.published_at === null ? 'not yet' : when(log.published_at, now)],
    ],
    surface,
  )
  const warnings = status.warnings.map(
    (text) => `${surface.paint('yellow', 'warning:')} ${visible(text)}\n`,
  )
  return out + warnings.join('')
}

function held(count: number): Cell {
  if (count === 0) return 'none waiting'
  return { text: `${count} waiting for a person: bailiwick approval ls`, style: 'yellow' }
}

/** Who besides the log vouches for it. */
function witnessed({ witnessed: enough, witnessed_size: size, forked }: Status['log']): string {
  if (forked !== null) return 'WITNESSES HAVE SEEN ANOTHER HISTORY'
  if (size === null) return 'unwitnessed'
  return enough ? `witnessed up to ${size}` : `seen by too few witnesses up to ${size}`
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('status')
    .description('what runs here, and what to know about it')
    .action(async () => {
      const control = await context.control()
      const status = await control.get('/v1/status', Status)
      const { screen } = context
      screen.answer(status, (surface) => drawStatus(status, surface, screen.now))
      await tellUnseen(screen, control)
    })
}
