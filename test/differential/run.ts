// Holds the run of generated worlds: fast-check makes the tapes.

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
  // What fails is told as it is: shrinking a world takes many minutes, and its policies can be read one by one.
  const numRuns = Math.ceil(cases / REQUESTS)
  fc.assert(same, { seed, numRuns, endOnFailure: true, reporter: report })
  return seen
}

function report(out: fc.RunDetails<[World]>): void {
  if (!out.failed) return
  const cause = out.errorInstance
  const what = cause instanceof Error ? cause.message : String(cause)
  throw new Error(`seed ${out.seed}, path ${out.counterexamplePath ?? ''}\n${what}`)
}
