// Holds `audit verify`: the log checked from its files, from an address, or one record of it from its proof. It needs no server.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { LogSource } from '../server/verify.ts'
import { publicFault } from '../std/fault.ts'
import { AuditFlushed } from '../wire/api/audit.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { drawProof, drawReport } from './verify/draw.ts'
import { configFolder, originOf, PinFolder } from './verify/pins.ts'

/** Options of the command. */
export interface VerifyOptions {
  /** Folder of a log or of a home, or an address. */
  readonly from?: string
  readonly dir?: string
  readonly vkey?: string
  readonly range?: string
  readonly proof?: string
  readonly record?: string
  readonly hashes?: boolean
  /** Files of receipts. */
  readonly receipt?: readonly string[]
  /** Witness policy; that of the home where there is one. */
  readonly policy?: string
  readonly ca?: string
  readonly tokenFile?: string
  /** False with `--no-pin`. */
  readonly pin: boolean
  readonly repin?: boolean
}

/** Where the log of a home is, and the key that it is verified with. `directory` may be the log's folder itself. */
export function logPlaces(directory: string): {
  readonly log: string
  readonly vkey: string
  /** Index of the home; absent for a log by itself. */
  readonly index?: string
} {
  const log = join(directory, 'log')
  if (existsSync(log)) {
    return { log, vkey: join(directory, 'log.vkey'), index: join(directory, 'log-state.sqlite') }
  }
  // A copy brings the key along where it was exported with it.
  const beside = join(directory, 'log.vkey')
  return {
    log: directory,
    vkey: existsSync(beside) ? beside : join(dirname(directory), 'log.vkey'),
  }
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw fault('cli.file', `${what} ${path} cannot be read`, cause)
  }
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

/** Where a log is read from, with what else is known there. */
interface Place {
  readonly source?: LogSource & { close(): Promise<void> }
  readonly log?: string
  readonly vkey?: string
  readonly index?: string
}

async function placeOf(context: Context, options: VerifyOptions): Promise<Place> {
  const { shell } = context
  const from = options.from ?? options.dir
  if (from === undefined) return logPlaces(context.home)
  if (!/^https?:\/\//.test(from)) return logPlaces(resolve(shell.cwd, from))
  const { HttpSource } = await import('../server/verify-http.ts')
  const { ca, tokenFile } = options
  const source = new HttpSource({
    address: from,
    ...(ca === undefined ? {} : { ca: read(resolve(shell.cwd, ca), 'the certificate authority') }),
    ...(tokenFile === undefined
      ? {}
      : { authorization: `Bearer ${read(resolve(shell.cwd, tokenFile), 'the token').trim()}` }),
  })
  return { source }
}

/** Entries are not public: without a credential for them, an address is verified by its hashes. */
function readOf(options: VerifyOptions, place: Place): 'records' | 'hashes' {
  const closed = place.source !== undefined && options.tokenFile === undefined
  return options.hashes === true || closed ? 'hashes' : 'records'
}

function rangeOf(options: VerifyOptions, place: Place): readonly [number, number] | undefined {
  const { range: text, receipt } = options
  if (text === undefined) return undefined
  const [, from = '', to = ''] = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text) ?? []
  const range = [Number(from), Number(to)] as const
  if (from === '' || range[0] > range[1]) {
    throw fault('cli.usage', '--range is like 100..250: the first index and the last')
  }
  if (receipt !== undefined) {
    throw fault('cli.usage', '--receipt needs the whole log: leave --range out')
  }
  // A part is proven by its records: without them nothing would have been looked at.
  if (readOf(options, place) === 'hashes') {
    throw fault('cli.usage', '--range is of records, and here the hashes alone are read')
  }
  return range
}

function keyOf(context: Context, options: VerifyOptions, place: Place): string {
  const named = options.vkey === undefined ? place.vkey : resolve(context.shell.cwd, options.vkey)
  if (named === undefined) {
    throw fault('cli.usage', 'an address is verified with --vkey: a key that it did not serve')
  }
  return read(named, 'the verifier key')
}

/** What was pinned, and how to pin. */
function pinsOf(context: Context, options: VerifyOptions, vkey: string): PinFolder | undefined {
  const config = configFolder(context.shell.env)
  return options.pin && config !== undefined ? new PinFolder(config, originOf(vkey)) : undefined
}

/** One record: its proof, the entry beside it, and the key. */
async function verifyProofFile(context: Context, options: VerifyOptions): Promise<void> {
  const { screen, shell } = context
  const path = resolve(shell.cwd, options.proof ?? '')
  const beside = options.record ?? `${path.replace(/\.tlog-proof$/, '')}.json`
  const { verifyRecordProof, witnessCheck } = await import('../server/verify.ts')
  const vkey = keyOf(context, options, logPlaces(context.home))
  const proof = read(path, 'the proof')
  const entry = Buffer.from(read(resolve(shell.cwd, beside), 'the record'), 'utf8')
  const pins = pinsOf(context, options, vkey)?.read() ?? []
  // Only where it is asked for: a proof from before witnesses were named proves what it proves.
  const policy = options.policy === undefined ? undefined : policyOf(context, options)
  const report = verifyRecordProof({
    proof,
    entry,
    vkey,
    pins,
    ...(policy === undefined ? {} : { witnesses: witnessCheck(policy) }),
  })
  screen.answer(report, (surface) => drawProof(report, surface))
  if (!report.ok) throw fault('cli.log_deviates', 'the proof does not hold')
}

async function verifyPlace(context: Context, options: VerifyOptions, place: Place): Promise<void> {
  const { IndexCheck, parseReceipt, ReceiptCheck, verifyLog, witnessCheck } =
    await import('../server/verify.ts')
  const { log, source } = place
  const vkey = keyOf(context, options, place)
  const range = rangeOf(options, place)
  const receipts = options.receipt?.map((path) =>
    parseReceipt(read(resolve(context.shell.cwd, path), 'the receipt')),
  )
  const pins = pinsOf(context, options, vkey)
  const kept = options.repin === true ? [] : (pins?.read() ?? [])
  const check = place.index === undefined ? undefined : IndexCheck.open(place.index)
  const whole = range === undefined
  let pinned = 0
  try {
    const policy = policyOf(context, options)
    const report = await verifyLog({
      vkey,
      ...(policy === undefined ? {} : { witnesses: witnessCheck(policy) }),
      read: readOf(options, place),
      ...(receipts === undefined
        ? {}
        : {
            receipts: {
              check: new ReceiptCheck(receipts, vkey),
              now: context.shell.clock.now(),
            },
          }),
      pins: whole ? kept : [],
      onSeen: (shard, note) => {
        pins?.write(shard, note)
        pinned += 1
      },
      ...(source === undefined ? {} : { source }),
      ...(log === undefined ? {} : { directory: log }),
      ...(range === undefined ? {} : { range }),
      ...(check === undefined || log === undefined || !whole ? {} : { index: { check, log } }),
    })
    const told =
      pins === undefined || !whole
        ? 'nothing was compared with what was seen before'
        : `${kept.length === 0 ? 'first seen here' : 'a continuation of what was seen before'}; ${pinned} kept in ${pins.directory}`
    const wrong = report.findings.some(({ code }) => PINNED.has(code))
    const shown = wrong ? 'NOT a continuation of what was seen before' : told
    context.screen.answer(report, (surface) => drawReport(report, shown, surface))
    if (report.ok) return
    const count = report.findings.length + report.more
    const places = `${count} ${count === 1 ? 'place' : 'places'}`
    throw fault('cli.log_deviates', `the log deviates in ${places}`)
  } finally {
    check?.close()
    await source?.close()
  }
}

/** The policy that says which witnesses count: the one that is named, or that of this home where this home is verified. */
function policyOf(
  { home, shell }: Context,
  { policy, from, dir }: VerifyOptions,
): string | undefined {
  if (policy !== undefined) return read(resolve(shell.cwd, policy), 'the witness policy')
  const own = join(home, 'witness.policy')
  return from === undefined && dir === undefined && existsSync(own)
    ? read(own, 'the witness policy')
    : undefined
}

const PINNED: ReadonlySet<string> = new Set([
  'audit.verify_forked',
  'audit.verify_key',
  'audit.verify_rolled_back',
])

/** Runs the command. */
async function verify(context: Context, options: VerifyOptions): Promise<void> {
  if (options.proof !== undefined) return verifyProofFile(context, options)
  const place = await placeOf(context, options)
  if (options.from === undefined && options.dir === undefined) await flush(context)
  return verifyPlace(context, options, place)
}

/** Adds the command to `audit`. */
export function registerVerify(audit: Command, context: Context): void {
  audit
    .command('verify')
    .description('verify the log, a part of it, or one record by its proof; needs no server')
    .option('--from <place>', 'folder of a log or of a home, or an address (default: this home)')
    .option('--dir <dir>', 'the same, for a folder')
    .option(
      '--vkey <file>',
      'verifier key, kept apart from the log (default: log.vkey of the home)',
    )
    .option('--range <a..b>', 'only the records from index a to index b')
    .option('--policy <file>', 'which witnesses have to have seen it (default: that of the home)')
    .option('--hashes', 'only tiles and roots, without reading a record')
    .option('--proof <file>', 'one record by its .tlog-proof; nothing else is read')
    .option('--record <file>', 'the record of --proof (default: the same name with .json)')
    .option('--receipt <file...>', 'receipts that were handed out: is each record in the log')
    .option('--ca <file>', 'certificates that vouch for the address, PEM')
    .option('--token-file <file>', 'credential for what an address does not show to everybody')
    .option('--no-pin', 'neither compare with what was seen before nor keep what is seen now')
    .option('--repin', 'keep what is seen now even where it is no continuation')
    .action((options: VerifyOptions) => verify(context, options))
}
