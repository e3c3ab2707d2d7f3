// Holds the bench of decisions: ours beside the library's in one run, whole calls, and curves over policies and entities.

import { compiledEngine, type Engine, type Question } from '../src/policy/engine.ts'
import { withCedar } from '../src/policy/library.ts'
import type { Policy } from '../src/policy/policy.ts'
import { systemClock } from '../src/std/clock.ts'
import { calls, entities, policiesOf, questions, setOf } from './decide/setting.ts'
import { median, quantile, rounded } from './sample.ts'

const ENTITIES = 100
const ROUNDS = 5
/** Decisions of ours and of the library's in one round. */
const OURS = 20_000
const LIBRARY = 40
const WARM = 20_000

/** Half and hundredth part of the samples, the median of the rounds each. */
interface Times {
  readonly p50: number
  readonly p99: number
}

/** Runs pieces of work one by one; microseconds. */
function timed(count: number, work: (at: number) => void): number[] {
  return Array.from({ length: count }, (_, at) => {
    const start = systemClock.monotonic()
    work(at)
    return (systemClock.monotonic() - start) * 1_000
  })
}

function rounds(count: number, work: (at: number) => void): Times {
  const all = Array.from({ length: ROUNDS }, () => timed(count, work))
  return {
    p50: median(all.map((samples) => quantile(samples, 0.5))),
    p99: median(all.map((samples) => quantile(samples, 0.99))),
  }
}

/** Asks an engine for everything that a party's answer takes. */
function asking(engine: Engine, asked: readonly Question[]): (at: number) => void {
  return (at) => {
    const findings = engine.evaluate(asked[at % asked.length]!)
    if (findings.forbids.length + findings.permits().length + findings.errors.length > 10_000) {
      throw new Error('more policies answered than there are')
    }
  }
}

/** The library with the policies parsed beforehand; entities and context it takes as text each time, as it always does. */
function libraryAsking(
  policies: readonly Policy[],
  asked: readonly Question[],
): (at: number) => void {
  const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]))
  const preparsedPolicySetId = 'bench'
  withCedar((cedar) => cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies }))
  return (at) => {
    const question = asked[at % asked.length]!.json()
    const answer = withCedar((cedar) =>
      cedar.statefulIsAuthorized({ ...question, preparsedPolicySetId }),
    )
    if (answer.type === 'failure') throw new Error(answer.errors[0]?.message)
  }
}

/** Ours and the library's in turn, round by round, so that whatever else the machine does meets both. */
function beside(count: number): { readonly ours: Times; readonly library: number } {
  const policies = policiesOf(count)
  const asked = questions(entities(ENTITIES), count)
  const ask = asking(compiledEngine(policies), asked)
  const askLibrary = libraryAsking(policies, asked)
  timed(WARM, ask)
  timed(LIBRARY, askLibrary)
  const all = Array.from({ length: ROUNDS }, () => ({
    ours: timed(OURS, ask),
    library: timed(LIBRARY, askLibrary),
  }))
  const over = (of: 'ours' | 'library', part: number): number =>
    median(all.map((round) => quantile(round[of], part)))
  return {
    ours: { p50: over('ours', 0.5), p99: over('ours', 0.99) },
    library: over('library', 0.5),
  }
}

/** Whole calls as the gateway asks: person, agent and task, from the facts of the request to the answer in words. */
function wholeCalls(): Times {
  const set = setOf(1_000)
  const asked = calls(1_000)
  const decide = (at: number): void => {
    if (set.decide(asked[at % asked.length]!).parties.length !== 3) throw new Error('not decided')
  }
  timed(WARM, decide)
  return rounds(OURS, decide)
}

/** How long one decision takes with more and more policies, and among more and more entities. */
function curves(): Record<string, number> {
  const out: Record<string, number> = {}
  for (const count of [10, 100, 1_000, 10_000]) {
    const ask = asking(compiledEngine(policiesOf(count)), questions(entities(ENTITIES), count))
    timed(WARM, ask)
    out[`policies_${count}_p50_us`] = rounded(rounds(OURS, ask).p50)
  }
  const engine = compiledEngine(policiesOf(1_000))
  for (const count of [10, 100, 1_000, 10_000, 100_000]) {
    const ask = asking(engine, questions(entities(count), 1_000))
    timed(WARM, ask)
    out[`entities_${count}_p50_us`] = rounded(rounds(OURS, ask).p50)
  }
  return out
}

/**
 * Measures. `p50_us` and `p99_us`: one principal's question to the engine among 100 entities and 1,000 policies, of which ten are in
 * scope; the ratios are against the library's median for the same question. `call_…`: all that `PolicySet.decide` does for a call.
 */
export function decide(): Promise<Record<string, number>> {
  const thousand = beside(1_000)
  const ten = beside(10)
  const call = wholeCalls()
  return Promise.resolve({
    p50_us: rounded(thousand.ours.p50),
    p99_us: rounded(thousand.ours.p99),
    ratio_cedar_wasm_1000: rounded(thousand.library / thousand.ours.p50, 0),
    ratio_cedar_wasm_10: rounded(ten.library / ten.ours.p50, 0),
    cedar_wasm_1000_us: rounded(thousand.library, 0),
    cedar_wasm_10_us: rounded(ten.library, 0),
    call_p50_us: rounded(call.p50),
    call_p99_us: rounded(call.p99),
    ...curves(),
  })
}
