// Holds the Cedar library: the one place that loads it, and that loads it anew after it has trapped.

import { createRequire } from 'node:module'
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs'
import { Fault } from '../std/fault.ts'
import { policyFault } from './faults.ts'

type Library = typeof Cedar

const require = createRequire(import.meta.url)
const NAME = '@cedar-policy/cedar-wasm/nodejs'

let instance: Library | undefined
let generation = 0

/** Which instance is in use, counted from 0. What was preparsed in an earlier one is gone. */
export function libraryGeneration(): number {
  return generation
}

function load(): Library {
  delete require.cache[require.resolve(NAME)]
  return require(NAME) as Library
}

/**
 * Runs one piece of work in the library. A trap (its stack overrun, memory out of bounds) leaves an instance that fails
 * for ever: it is dropped and the next call gets a fresh one. Throws `policy.engine` for whatever was thrown inside.
 */
export function withCedar<T>(work: (cedar: Library) => T): T {
  instance ??= load()
  try {
    return work(instance)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    instance = undefined
    generation++
    throw policyFault('policy.engine', 'the policy library failed', cause)
  }
}
