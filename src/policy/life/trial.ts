// Holds the trial of a policy test: the call decided, and every way in which the answer is not what was expected.

import type { Decision, DecisionRequest } from '../../wire/decision.ts'
import type { PolicyTest, PolicyTestFile } from '../../wire/policy-test.ts'
import type { PolicySet } from '../set.ts'
import { determinedBy } from './determined.ts'
import { madeUp } from './made-up.ts'

/** One way in which an answer differs. */
export interface Difference {
  readonly what: 'expect' | 'by' | 'because' | 'test'
  readonly expected: string
  readonly got: string
}

/** What became of one test. */
export interface Trial {
  readonly name: string
  /** Its place in the file, from 0. */
  readonly at: number
  readonly differences: readonly Difference[]
  /** Absent where the test makes no call. */
  readonly request?: DecisionRequest
  readonly decision?: Decision
}

function differences(test: PolicyTest, decision: Decision): Difference[] {
  const out: Difference[] = []
  if (decision.answer !== test.expect) {
    out.push({ what: 'expect', expected: test.expect, got: decision.answer })
  }
  const by = determinedBy(decision)
  const missing = (test.by ?? []).filter((id) => !by.includes(id))
  if (missing.length > 0) {
    out.push({ what: 'by', expected: test.by!.join(', '), got: by.join(', ') || 'no policy' })
  }
  const words = [decision.reason, ...decision.parties.map(({ reason }) => reason)]
  if (test.because !== undefined && !words.some((text) => text.includes(test.because!))) {
    out.push({ what: 'because', expected: test.because, got: decision.reason })
  }
  return out
}

/** Runs the tests of one file. A test that makes no call is a failure of its own. */
export function tryTests(set: PolicySet, { given, tests }: PolicyTestFile): Trial[] {
  return tests.map((test, at) => {
    const made = madeUp({ ...given, ...test }, set.schema)
    if (!made.ok) {
      const got = `${made.member}: ${made.message}`
      return { name: test.name, at, differences: [{ what: 'test', expected: 'a call', got }] }
    }
    const { request } = made
    const decision = set.decide(request)
    return { name: test.name, at, request, decision, differences: differences(test, decision) }
  })
}
