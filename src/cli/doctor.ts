// Holds `doctor`: looks at this machine, the home, the server and the log, and says what to do about each.

import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { situation } from '../server/situation.ts'
import type { Context } from './context.ts'
import { checkFiles } from './doctor/files.ts'
import type { Finding } from './doctor/finding.ts'
import { checkRecord } from './doctor/record.ts'
import { checkServer } from './doctor/server.ts'
import { fault } from './faults.ts'
import type { Surface } from './terminal/table.ts'
import { visible } from './terminal/visible.ts'

function checkNode(): Finding {
  const { node } = process.versions
  const detail = `Node ${node}`
  if (Number.parseInt(node, 10) >= 24) return { check: 'node', state: 'ok', detail }
  const next = 'start it with bin/bailiwick, which finds Node 24'
  return { check: 'node', state: 'bad', detail: `${detail} is too old`, next }
}

const MARK = {
  ok: ['green', 'ok  '],
  warn: ['yellow', 'note'],
  bad: ['red', 'BAD '],
} as const

function draw(findings: readonly Finding[], surface: Surface): string {
  return findings
    .map(({ check, state, detail, next }) => {
      const [style, mark] = MARK[state]
      const line = `${surface.paint(style, mark)} ${check.padEnd(10)} ${visible(detail)}\n`
      return next === undefined ? line : `${line}     ${' '.repeat(11)}next: ${visible(next)}\n`
    })
    .join('')
}

async function examine(context: Context, deep: boolean): Promise<void> {
  const { home, screen } = context
  const files = checkFiles(home)
  const { status, findings } = await checkServer(context)
  const there = files.every(({ check }) => check !== 'home')
  // The account that the server runs under is what counts; without a server, ours is all that is known.
  const told = status?.situation ?? situation(userInfo().username)
  const found: Finding[] = [
    checkNode(),
    ...files,
    ...findings,
    ...(there ? await checkRecord(context, status, deep) : []),
    { check: 'situation', state: 'warn', detail: told },
  ]
  const bad = found.filter(({ state }) => state === 'bad').length
  screen.answer({ ok: bad === 0, findings: found }, (surface) => draw(found, surface))
  if (bad > 0) {
    throw fault('cli.doctor', `${bad} ${bad === 1 ? 'thing is' : 'things are'} not in order`)
  }
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('look for what is wrong, and say what to do')
    .option('--deep', 'verify the whole log, however large')
    .action(({ deep = false }: { readonly deep?: boolean }) => examine(context, deep))
}
