// Holds the bench of decisions beside Cedar's own engine in Rust: the same questions, in one run, turn about. It needs `cargo`.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compiledEngine, type Engine, type Question } from '../src/policy/engine.ts'
import type { Stack } from '../src/server/stack.ts'
import { systemClock } from '../src/std/clock.ts'
import { entities, policiesOf, questions } from './decide/setting.ts'
import type { Figures } from './figures.ts'
import { median, quantile, rounded } from './sample.ts'

const ENTITIES = 100
const TURNS = 3
/** How often all two hundred questions are asked in a turn. */
const OURS = 200
const NATIVE: Readonly<Record<number, number>> = { 10: 200, 100: 50, 1_000: 10, 10_000: 1 }
const CRATE = join(import.meta.dirname, 'decide', 'native', 'Cargo.toml')
const TARGET = join(import.meta.dirname, '..', 'build', 'native')

const run = promisify(execFile)

/** What the program in Rust says: microseconds, and what it answered to each question. */
interface Native {
  readonly p50: number
  readonly p99: number
  readonly answers: readonly { readonly allow: boolean; readonly reasons: number }[]
}

/** Builds the program, once: some three minutes. Throws with what to do where there is no `cargo`. */
async function built(): Promise<string> {
  process.stderr.write(
    'building bench/decide/native with cargo, the first time for some minutes …\n',
  )
  const args = ['build', '--release', '--locked', '--manifest-path', CRATE, '--target-dir', TARGET]
  try {
    await run('cargo', args, { maxBuffer: 16_000_000 })
  } catch (error) {
    throw new Error('cargo did not build bench/decide/native; next: install Rust (rustup.rs)', {
      cause: error,
    })
  }
  return join(TARGET, 'release', 'cedar-native')
}

/** What is allowed, and by how many policies that is decided, as Cedar counts: forbids where there are some, else permits. */
function answered(engine: Engine, question: Question): Native['answers'][number] {
  const findings = engine.evaluate(question)
  const forbids = findings.forbids.length
  const permits = findings.permits().length
  return { allow: forbids === 0 && permits > 0, reasons: forbids > 0 ? forbids : permits }
}

/** Microseconds of each question, asked so many times over. */
function timed(engine: Engine, asked: readonly Question[], times: number): number[] {
  return Array.from({ length: times }, () =>
    asked.map((question) => {
      const start = systemClock.monotonic()
      answered(engine, question)
      return (systemClock.monotonic() - start) * 1_000
    }),
  ).flat()
}

/** Ours and the native one in turns over so many policies. Throws where they do not answer alike. */
async function beside(program: string, folder: string, count: number): Promise<Figures> {
  const policies = policiesOf(count)
  const asked = questions(entities(ENTITIES), count)
  const file = join(folder, `${count}.json`)
  const json = asked.map((question) => question.json())
  const text = policies.map((policy) => policy.text).join('\n')
  const rounds = NATIVE[count]!
  const of = { policies: text, entities: json[0]!.entities, questions: json, rounds }
  writeFileSync(file, JSON.stringify(of))
  const engine = compiledEngine(policies)
  timed(engine, asked, OURS)
  const ours: number[] = []
  const native: Native[] = []
  for (let turn = 0; turn < TURNS; turn += 1) {
    ours.push(quantile(timed(engine, asked, OURS), 0.5))
    const { stdout } = await run(program, [file], { maxBuffer: 16_000_000 })
    native.push(JSON.parse(stdout) as Native)
  }
  const told = JSON.stringify(native[0]!.answers)
  if (told !== JSON.stringify(asked.map((question) => answered(engine, question)))) {
    throw new Error(`among ${count} policies, ours and native Cedar answer differently`)
  }
  const nativeP50 = median(native.map(({ p50 }) => p50))
  return {
    [`policies_${count}_ours_p50_us`]: rounded(median(ours)),
    [`policies_${count}_native_p50_us`]: rounded(nativeP50),
    [`policies_${count}_native_p99_us`]: rounded(median(native.map(({ p99 }) => p99))),
    [`policies_${count}_ratio`]: rounded(nativeP50 / median(ours)),
  }
}

/**
 * Measures one principal's question among 100 entities. What is native has everything parsed beforehand and is timed from inside: it
 * says what an add-on could bring at most. The ratio is its median over ours: above one, ours is the faster.
 */
export async function decideNative(closing: Stack): Promise<Figures> {
  const program = await built()
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-native-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const out: Record<string, number> = {}
  for (const count of [10, 100, 1_000, 10_000]) {
    Object.assign(out, await beside(program, folder, count))
  }
  return out
}
