// Holds the crash test at every call of the commit path: counted once, then broken one by one, and what is left is judged.

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
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/std/clock.ts'
import {
  countedCalls,
  FAULTS,
  planned,
  type CountedCall,
  type InjectedFault,
  type Injection,
} from './fault-plan.ts'
import { judge, type Victim } from './judge.ts'

/** Longest that one victim may take, on a busy machine (ms); one that takes longer hangs. */
const VICTIM_MS = 60_000
const { privateKey } = generateKeyPairSync('ed25519')
const PEM = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

/** What the victim does: starts on nothing, on what a crash left, or moves its spool to another disk and home. */
export const SCENARIOS = ['normal', 'recovery', 'break-glass'] as const

/** What a pass has found. */
export interface EveryCall {
  readonly calls: number
  readonly sites: readonly string[]
  /** Sites that had at least one fault. */
  readonly sitesBroken: number
  readonly planned: number
  readonly runs: number
  /** Runs whose call was reached: where threads meet otherwise than when they were counted, one may not be. */
  readonly reached: number
  readonly runsByFault: Readonly<Record<string, number>>
  /** Of the first call of each site, what there was no time for: `SITE: FAULTS`. */
  readonly left: readonly string[]
  readonly seconds: number
  readonly deviations: readonly string[]
}

/** How much is to be done. */
export interface EveryCallOptions {
  readonly scenario: (typeof SCENARIOS)[number]
  /** Of each site the first call, or also the last and one in the middle, or every one. */
  readonly occurrences: 'first' | 'three' | 'all'
  /** Faults that a call of a site is given; all where it says nothing. */
  readonly faultsOf?: (index: number) => readonly InjectedFault[]
  readonly parallel: number
  /** Of the counted calls, those that are to be broken. */
  readonly only?: (call: CountedCall) => boolean
  /** No run begins after so many of them (ms). */
  readonly budgetMs?: number
  readonly say?: (line: string) => void
}

/** Counts the calls of one run, then breaks them one by one. */
export async function everyCall(options: EveryCallOptions): Promise<EveryCall> {
  const root = mkdtempSync(join(tmpdir(), 'bailiwick-every-call-'))
  const begun = systemClock.monotonic()
  const spent = (): number => systemClock.monotonic() - begun
  try {
    const victims = new Victims(root, options.scenario)
    if (options.scenario === 'recovery') await victims.crash()
    const counted = counts(await victims.run('count'))
    const wanted = counted.filter(options.only ?? (() => true))
    const plan = planned(wanted, options.occurrences, options.faultsOf ?? (() => FAULTS))
    const done: Injection[] = []
    const deviations: string[] = []
    let reached = 0
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < plan.length && spent() < (options.budgetMs ?? Infinity)) {
        const n = next++
        const injection = plan[n]!
        const victim = await victims.run(String(n), injection)
        if (existsSync(join(victim.folder, 'trace.fired'))) reached += 1
        done.push(injection)
        for (const wrong of await judge(victim, injection.fault, PEM)) {
          const line = `${injection.fault} at ${injection.site}#${injection.nth}: ${wrong}`
          deviations.push(line)
          options.say?.(line)
        }
        rmSync(victim.folder, { recursive: true, force: true })
      }
    }
    await Promise.all(Array.from({ length: options.parallel }, worker))
    const byFault = Map.groupBy(done, ({ fault }) => fault)
    return {
      calls: counted.length,
      sites: [...new Set(counted.map(({ site }) => site))],
      sitesBroken: new Set(done.map(({ site }) => site)).size,
      planned: plan.length,
      runs: done.length,
      reached,
      runsByFault: Object.fromEntries([...byFault].map(([fault, { length }]) => [fault, length])),
      left: leftOver(plan.slice(next)),
      seconds: Math.round(spent() / 1000),
      deviations,
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function leftOver(rest: readonly Injection[]): string[] {
  const first = rest.filter(({ nth }) => nth === 1)
  const bySite = Map.groupBy(first, ({ site }) => site)
  return [...bySite].map(([site, of]) => `${site}: ${of.map(({ fault }) => fault).join(', ')}`)
}

function counts({ folder, said }: Victim): CountedCall[] {
  if (said.at(-1) !== 'end') throw new Error(`the count did not end: ${said.join('; ')}`)
  return countedCalls(readFileSync(join(folder, 'trace'), 'utf8'))
}

/** Starts victims, each in a folder of its own. */
class Victims {
  readonly #root: string
  readonly #scenario: string
  /** A home that each of them gets a copy of. */
  #seed: string | undefined

  constructor(root: string, scenario: string) {
    this.#root = root
    this.#scenario = scenario
  }

  /** Has every further one start on what a crash left: the last batch acknowledged, sequenced by nobody. */
  async crash(): Promise<void> {
    const calls = counts(await this.run('seed-count'))
    const last = calls.findLast(({ site }) => site.startsWith('spool fdatasyncSync'))
    if (last === undefined) throw new Error('no batch was counted')
    const { folder } = await this.run('seed', { ...last, fault: 'kill-after' })
    rmSync(join(folder, 'trace'), { force: true })
    rmSync(join(folder, 'trace.fired'), { force: true })
    this.#seed = folder
  }

  async run(name: string, injection?: Injection): Promise<Victim> {
    const folder = join(this.#root, name)
    const home = join(folder, 'home')
    if (this.#seed === undefined) mkdirSync(home, { recursive: true })
    else cpSync(this.#seed, folder, { recursive: true })
    // The disk that a break-glass goes to is there before; nobody breaks its making.
    if (this.#scenario === 'break-glass') mkdirSync(join(home, 'other'), { mode: 0o700 })
    const output = openSync(join(folder, 'said'), 'a', 0o600)
    const file = (module: string): string => join(import.meta.dirname, module)
    const child = spawn(
      process.execPath,
      [
        '--import',
        file('inject.ts'),
        file('victim.ts'),
        home,
        join(folder, 'journal'),
        this.#scenario,
      ],
      {
        env: {
          ...process.env,
          // Most of a start is reading the sources: the count, which ends by itself, leaves them read.
          NODE_COMPILE_CACHE: join(this.#root, 'compiled'),
          VICTIM_KEY: PEM,
          INJECT_HOME: home,
          INJECT_TRACE: join(folder, 'trace'),
          ...(injection && {
            INJECT_AT: `${injection.site}#${injection.nth}`,
            INJECT_FAULT: injection.fault,
          }),
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
}
