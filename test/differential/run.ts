// Holds the run of generated worlds: fast-check makes the tapes, and shrinks the one that shows a difference.

import fc from 'fast-check'
import { compare, Seen, shown } from './compare.ts'
import { Draw } from './draw.ts'
import { drawWorld, REQUESTS, type World } from './world.ts'

/** Choices that one world takes at most. */
const TAPE = 3_000

const worlds = fc
  .array(fc.nat(0xffff), { minLength: TAPE / 4, maxLength: TAPE, size: 'max' })
  .map((tape) => drawWorld(new Draw(tape)))

/** Compares so many cases (one request against one set of policies each). Throws at the first that differs, with its seed. */
export function run(cases: number, seed: number): Seen {
  const seen = new Seen()
  const same = fc.property(worlds, (world: World) => {
    try {
      compare(world, seen)
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${shown(world)}`)
    }
  })
  fc.assert(same, { seed, numRuns: Math.ceil(cases / REQUESTS), reporter: report })
  return seen
}

function report(out: fc.RunDetails<[World]>): void {
  if (!out.failed) return
  const cause = out.errorInstance
  const what = cause instanceof Error ? cause.message : String(cause)
  throw new Error(`seed ${out.seed}, path ${out.counterexamplePath ?? ''}\n${what}`)
}
