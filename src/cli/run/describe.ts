// Holds what `run --dry-run` says: everything that an agent in this district could reach.

import type { Screen } from '../terminal/screen.ts'
import { fields } from '../terminal/table.ts'
import type { District } from './district.ts'

/** Tells it: a table for people, a document for programs. */
export function tellDistrict(screen: Screen, agent: string, district: District): void {
  const { plan, reads, writes, closed, command } = district
  const document = {
    agent,
    command: command.slice(4),
    folder: plan.cwd,
    reads: ['the programs of this machine (/usr)', ...reads],
    writes: [...writes, `${plan.empty.join(', ')}, /tmp (empty, in memory, gone at the end)`],
    closed,
    network: 'none but the gateway',
    environment: Object.keys(plan.env).sort(),
    terminal: plan.terminal,
  }
  const rows: [string, string][] = [
    ['agent', agent],
    ['command', document.command.join(' ')],
    ['folder', document.folder],
    ...listed('reads', document.reads),
    ...listed('changes', document.writes),
    ...listed('never sees', closed),
    ['network', `${document.network}, and the web by way of it where policy permits`],
    ['variables', document.environment.join(' ')],
    ['terminal', plan.terminal ? 'yours' : 'none'],
  ]
  screen.answer(document, (surface) => fields(rows, surface))
}

function listed(name: string, lines: readonly string[]): [string, string][] {
  return lines.map((line, at) => [at === 0 ? name : '', line])
}
