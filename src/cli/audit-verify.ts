// Holds `audit verify`: the whole log checked from its files alone.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { verifyLog, type VerifyReport } from '../server/verify.ts'
import { publicFault } from '../std/fault.ts'
import { AuditFlushed } from '../wire/api/audit.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { fields, table, type Surface } from './terminal/table.ts'

/** Options of the command. */
export interface VerifyOptions {
  readonly dir?: string
  readonly vkey?: string
}

/** Where the log of a home is, and the key that it is verified with. `directory` may be the log's folder itself. */
export function logPlaces(directory: string): { readonly log: string; readonly vkey: string } {
  if (existsSync(join(directory, 'checkpoint')) || !existsSync(join(directory, 'log'))) {
    return { log: directory, vkey: join(dirname(directory), 'log.vkey') }
  }
  return { log: join(directory, 'log'), vkey: join(directory, 'log.vkey') }
}

/** Reads the verifier key and verifies. Throws `cli.file` where the key cannot be read. */
export async function verifyFiles(log: string, vkey: string): Promise<VerifyReport> {
  let key: string
  try {
    key = readFileSync(vkey, 'utf8')
  } catch (cause) {
    throw fault('cli.file', `the verifier key ${vkey} cannot be read`, cause)
  }
  return verifyLog({ directory: log, vkey: key })
}

function draw(report: VerifyReport, surface: Surface): string {
  const gaps = report.boots.filter(({ records, iseq }) => records !== iseq).length
  const head = fields(
    [
      ['log', report.ok ? { text: 'whole', style: 'green' } : { text: 'DEVIATES', style: 'red' }],
      ['origin', report.origin],
      ['size', report.size],
      ['root', report.root],
      ['records', `${report.records} read, hashed and parsed`],
      [
        'boots',
        `${report.boots.length}${gaps === 0 ? ', each without gaps' : `, ${gaps} with gaps`}`,
      ],
      [
        'witness',
        'unwitnessed: nobody but this log vouches for it, and a second history shown to others would not show here',
      ],
    ],
    surface,
  )
  if (report.findings.length === 0) return head
  const rows = report.findings.map(({ code, place, detail }) => [
    { text: code, style: 'red' as const },
    place,
    detail,
  ])
  const more = report.more === 0 ? '' : `and ${report.more} more\n`
  return `${head}\n${table(['CODE', 'PLACE', 'WHAT'], rows, surface)}${more}`
}

/** What was recorded a moment ago is in memory or spool: asked into the log where a server is there to ask. */
async function flush(context: Context): Promise<void> {
  try {
    const control = await context.control()
    await control.send('POST', '/v1/audit/flush', {}, AuditFlushed)
  } catch (error) {
    const { detail } = publicFault(error)
    context.screen.say(`verifying the log as it stands on disk: ${detail}`)
  }
}

/** Runs the command. */
export async function verify(context: Context, options: VerifyOptions): Promise<void> {
  const { screen, shell } = context
  if (options.dir === undefined) await flush(context)
  const folder = options.dir === undefined ? context.home : resolve(shell.cwd, options.dir)
  const places = logPlaces(folder)
  const vkey = options.vkey === undefined ? places.vkey : resolve(shell.cwd, options.vkey)
  const report = await verifyFiles(places.log, vkey)
  screen.answer(report, (surface) => draw(report, surface))
  if (!report.ok) {
    const count = report.findings.length + report.more
    throw fault(
      'cli.log_deviates',
      `the log deviates in ${count} ${count === 1 ? 'place' : 'places'}`,
    )
  }
}
