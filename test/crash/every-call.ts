// Holds the crash test at every call of the commit path: counted once, then broken one by one, and what is left is opened and compared.

import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditLog } from '../../src/audit/open.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { FAULTS, type InjectedFault } from './inject.ts'
import { HALF_YEAR_MS, smallLog } from './victim.ts'

/** Longest that one victim may take, on a busy machine (ms); one that takes longer hangs. */
const VICTIM_MS = 30_000
const { privateKey } = generateKeyPairSync('ed25519')
const PEM = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

/** One call that was counted. */
export interface CountedCall {
  /** Thread and number: where the injector finds it again. */
  readonly at: string
  /** What it does and to what, numbers taken out: calls of one site are alike. */
  readonly site: string
}

/** A call and what is done to it. */
export interface Injection extends CountedCall {
  readonly fault: InjectedFault
}

/** What a pass has found. */
export interface EveryCall {
  readonly calls: number
  readonly sites: number
  readonly runs: number
  /** Runs whose call was reached: where threads meet otherwise than when they were counted, one may not be. */
  readonly reached: number
  readonly runsByFault: Readonly<Record<string, number>>
  readonly deviations: readonly string[]
}

/** How much is to be done. */
export interface EveryCallOptions {
  /** Every call, or one of each site. */
  readonly every: boolean
  /** Faults that a call of a site is given; all where it says nothing. */
  readonly faultsOf?: (index: number) => readonly InjectedFault[]
  /** Whether the log that is opened was left by a crash: what is broken is the recovery. */
  readonly recovery: boolean
  readonly parallel: number
  /** Of the counted calls, those that are to be broken. */
  readonly only?: (call: CountedCall) => boolean
  readonly say?: (line: string) => void
}

interface Victim {
  readonly folder: string
  readonly said: readonly string[]
  readonly signal: string | null
  readonly hung: boolean
}

/** Counts the calls of one run, then breaks them one by one. */
export async function everyCall(options: EveryCallOptions): Promise<EveryCall> {
  const root = mkdtempSync(join(tmpdir(), 'bailiwick-every-call-'))
  try {
    const seed = options.recovery ? await crashed(root) : undefined
    const counted = counts(await victim(root, 'count', undefined, seed))
    const wanted = counted.filter(options.only ?? (() => true))
    const chosen = options.every ? wanted : distinct(wanted)
    const faults = options.faultsOf ?? (() => FAULTS)
    const queue = chosen.flatMap((call, index) =>
      faults(index)
        .filter((fault) => applies(call, fault))
        .map((fault): Injection => ({ ...call, fault })),
    )
    const runsByFault: Record<string, number> = {}
    const deviations: string[] = []
    let reached = 0
    let next = 0
    const worker = async (): Promise<void> => {
      for (let n = next++; n < queue.length; n = next++) {
        const injection = queue[n]!
        const { folder, ...rest } = await victim(root, String(n), injection, seed)
        if (existsSync(join(folder, 'trace.fired'))) reached += 1
        runsByFault[injection.fault] = (runsByFault[injection.fault] ?? 0) + 1
        for (const wrong of await judge({ folder, ...rest }, injection)) {
          const line = `${injection.fault} at ${injection.at} ${injection.site}: ${wrong}`
          deviations.push(line)
          options.say?.(line)
        }
        rmSync(folder, { recursive: true, force: true })
      }
    }
    await Promise.all(Array.from({ length: options.parallel }, worker))
    const { length: calls } = counted
    return {
      calls,
      sites: distinct(counted).length,
      runs: queue.length,
      reached,
      runsByFault,
      deviations,
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Half of a write and a short one are of calls that write. */
function applies({ site }: CountedCall, fault: InjectedFault): boolean {
  const writes = /write/.test(site)
  // What SQLite does inside of `exec` and `run` is not seen from here; nor does closing refuse in practice.
  return writes || (fault !== 'torn' && fault !== 'short')
}

function counts({ folder, said }: Victim): CountedCall[] {
  if (said.at(-1) !== 'end') throw new Error(`the count did not end: ${said.join('; ')}`)
  return readFileSync(join(folder, 'trace'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [at = '', ...what] = line.split(' ')
      const thread = at.split(':')[0] ?? ''
      const site = what
        .join(' ')
        .replace(/\d{4}h\d/, 'SHARD')
        .replace(/\d+/g, 'N')
      return { at, site: `${thread} ${site}` }
    })
}

function distinct(calls: readonly CountedCall[]): CountedCall[] {
  const first = new Map<string, CountedCall>()
  for (const call of calls) if (!first.has(call.site)) first.set(call.site, call)
  return [...first.values()]
}

/** A home that a crash has left: the last batch acknowledged, sequenced by nobody. */
async function crashed(root: string): Promise<string> {
  const calls = counts(await victim(root, 'seed-count'))
  const last = calls.findLast(({ site }) => site.startsWith('spool fdatasyncSync'))
  if (last === undefined) throw new Error('no batch was counted')
  const { folder } = await victim(root, 'seed', { ...last, fault: 'kill-after' })
  rmSync(join(folder, 'trace'), { force: true })
  rmSync(join(folder, 'trace.fired'), { force: true })
  return folder
}

async function victim(
  root: string,
  name: string,
  injection?: Injection,
  seed?: string,
): Promise<Victim> {
  const folder = join(root, name)
  const home = join(folder, 'home')
  if (seed === undefined) mkdirSync(home, { recursive: true })
  else cpSync(seed, folder, { recursive: true })
  const output = openSync(join(folder, 'said'), 'a', 0o600)
  const file = (name: string): string => join(import.meta.dirname, name)
  const child = spawn(
    process.execPath,
    ['--import', file('inject.ts'), file('victim.ts'), home, join(folder, 'journal')],
    {
      env: {
        ...process.env,
        VICTIM_KEY: PEM,
        INJECT_HOME: home,
        INJECT_TRACE: join(folder, 'trace'),
        ...(injection && { INJECT_AT: injection.at, INJECT_FAULT: injection.fault }),
      },
      stdio: ['ignore', output, 'inherit'],
    },
  )
  let hung = false
  const limit = setTimeout(() => (hung = child.kill('SIGKILL')), VICTIM_MS)
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(limit)
  closeSync(output)
  const said = readFileSync(join(folder, 'said'), 'utf8').split('\n').filter(Boolean)
  return { folder, said, signal, hung }
}

/** Opens what is left and says everything that does not hold. */
async function judge(
  { folder, said, signal, hung }: Victim,
  { fault }: Injection,
): Promise<string[]> {
  const wrong: string[] = []
  const home = join(folder, 'home')
  const kills = fault === 'torn' || fault.startsWith('kill')
  const fired = existsSync(join(folder, 'trace.fired'))
  if (hung) wrong.push('it hung')
  else if (fired && kills !== (signal === 'SIGKILL'))
    wrong.push(`it ended with ${signal ?? 'no signal'}`)
  for (const line of said) if (line.includes('unnamed')) wrong.push(line)
  try {
    const before = checkpoints(home)
    const log = await openAuditLog(smallLog(home, PEM, () => HALF_YEAR_MS))
    await log.flush()
    const records = (await log.tail({ limit: 1_000 })).reverse()
    await log.close()
    const places = new Map<string, number[]>()
    const answers = new Map<string, number>()
    records.forEach(({ leaf, record }, i) => {
      places.set(leaf, [...(places.get(leaf) ?? []), i])
      if (record.type === 'call.outcome' && record.ref !== undefined) {
        answers.set(record.ref, (answers.get(record.ref) ?? 0) + 1)
      }
    })
    let last = -1
    for (const leaf of words(said, 'ack')) {
      const at = places.get(leaf) ?? []
      if (at.length !== 1) wrong.push(`an acknowledged record is in the log ${at.length} times`)
      if ((at[0] ?? last + 1) <= last) wrong.push('acknowledged records have changed their order')
      last = at[0] ?? last
    }
    for (const leaf of journal(folder)) {
      if (!places.has(leaf)) wrong.push('it acted without an intent')
    }
    for (const { leaf, record } of records) {
      const count = answers.get(leaf) ?? 0
      if (record.type === 'call.intent' && count !== 1)
        wrong.push(`an intent has ${count} outcomes`)
    }
    const report = await verifyLog({
      directory: join(home, 'log'),
      vkey: readFileSync(join(home, 'log.vkey'), 'utf8'),
    })
    for (const { place, detail } of report.findings) wrong.push(`${place}: ${detail}`)
    const after = checkpoints(home)
    for (const [shard, old] of before) {
      const now = after.get(shard)
      const back = now === undefined || now.size < old.size
      if (back || (now.size === old.size && now.root !== old.root))
        wrong.push(`the checkpoint of ${shard} went back or forked`)
    }
  } catch (error) {
    wrong.push(
      `what is left does not open: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return wrong
}

function words(said: readonly string[], kind: string): string[] {
  return said
    .filter((line) => line.startsWith(`${kind} `))
    .map((line) => line.slice(kind.length + 1))
}

/** Whole lines only: one that a crash tore was not acted on to its end. */
function journal(folder: string): string[] {
  const path = join(folder, 'journal')
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}

function checkpoints(home: string): Map<string, { size: number; root: string }> {
  const found = new Map<string, { size: number; root: string }>()
  const folder = join(home, 'log')
  for (const shard of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, shard, 'checkpoint')
    if (!existsSync(path)) continue
    const [, size = '', root = ''] = readFileSync(path, 'utf8').split('\n')
    found.set(shard, { size: Number(size), root })
  }
  return found
}
