// Holds `doctor`: looks at this machine, the home, the server and the log, and says what to do about each.

import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { situation } from '../server/situation.ts'
import { publicFault } from '../std/fault.ts'
import { logPlaces, verifyFiles } from './audit-verify.ts'
import type { Context } from './context.ts'
import { checkFiles } from './doctor/files.ts'
import type { Finding } from './doctor/finding.ts'
import { checkServer } from './doctor/server.ts'
import { fault } from './faults.ts'
import type { Surface } from './terminal/table.ts'
import { visible } from './terminal/visible.ts'

/** Records up to which the log is verified here and now. */
const QUICK_RECORDS = 100_000

function checkNode(): Finding {
  const { node } = process.versions
  const detail = `Node ${node}`
  if (Number.parseInt(node, 10) >= 24) return { check: 'node', state: 'ok', detail }
  const next = 'start it with bin/bailiwick, which finds Node 24'
  return { check: 'node', state: 'bad', detail: `${detail} is too old`, next }
}

async function checkLog(home: string, size: number | undefined): Promise<Finding> {
  const check = 'log'
  if (size !== undefined && size > QUICK_RECORDS) {
    const next = 'bailiwick audit verify'
    return { check, state: 'warn', detail: `${size} records are too many to verify here`, next }
  }
  try {
    const { log, vkey } = logPlaces(home)
    const report = await verifyFiles(log, vkey)
    if (report.ok) {
      return { check, state: 'ok', detail: `${report.records} records, whole, unwitnessed` }
    }
    const detail = `deviates in ${report.findings.length + report.more} places`
    return { check, state: 'bad', detail, next: 'bailiwick audit verify' }
  } catch (error) {
    const { detail, next } = publicFault(error)
    return { check, state: 'bad', detail: `cannot be verified: ${detail}`, next }
  }
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

async function examine(context: Context): Promise<void> {
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
    ...(there ? [await checkLog(home, status?.log.size)] : []),
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
    .action(() => examine(context))
}
