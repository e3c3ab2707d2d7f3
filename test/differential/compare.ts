// Holds the comparison of both sides on one world, and what was seen on the way.

import assert from 'node:assert/strict'
import { stringifyJson, type Json } from '../../src/std/json.ts'
import { oracle, type Verdict } from './oracle.ts'
import { ours } from './ours.ts'
import type { World } from './world.ts'

/**
 * What a message says, without what it quotes. Ours leaves out the values of a call: the operands of an overflow, and the text that an
 * extension function refused together with why.
 */
function kindOf(message: string): string {
  return message
    .replace(/^(error while evaluating `\w+` extension function: ).*$/s, '$1')
    .replace(/^(integer overflow while attempting to \w+ the values?) .*$/s, '$1')
    .replace(/`[^`]*`/g, '`…`')
}

/** Counts that say whether the worlds were worth comparing. */
export class Seen {
  cases = 0
  allowed = 0
  forbidden = 0
  erring = 0
  policies = 0
  /** Errors of policies, and those of them whose message is the library's to the letter. */
  errors = 0
  sameMessages = 0
  take(ours: Verdict, library: Verdict): void {
    this.cases++
    if (library.decision === 'allow') this.allowed++
    else if (library.reasons.length > 0) this.forbidden++
    if (library.errors.length > 0) this.erring++
    for (const [id, message] of library.messages) {
      this.errors++
      const mine = ours.messages.get(id) ?? ''
      if (mine === message) this.sameMessages++
      assert.equal(kindOf(mine), kindOf(message), message)
    }
  }
}

/** Asks both sides everything. Throws an AssertionError where they differ, in decision, reasons or erring policies. */
export function compare(world: World, seen: Seen): void {
  const library = oracle(world)
  if (typeof library === 'string')
    return assert.fail(`the generated policies are no Cedar: ${library}`)
  const compiled = ours(world)
  seen.policies += world.policies.size + world.links.length
  for (const request of world.requests) {
    const theirs = library(request)
    if (typeof theirs === 'string') return assert.fail(`the library refused: ${theirs}`)
    const mine = compiled(request)
    assert.ok(typeof mine !== 'string')
    const { messages: _, ...said } = theirs
    const { messages: __, ...answered } = mine
    assert.deepEqual(
      answered,
      said,
      JSON.stringify({ ...request, why: [...theirs.messages, ...mine.messages] }),
    )
    seen.take(mine, theirs)
  }
}

/** A world as text, to be read by whoever has to mend something. */
export function shown(world: World): string {
  const { policies, templates, links, entities } = world
  const rest = { links, entities } as unknown as Json
  const texts = [...policies, ...templates].map(([id, text]) => `${id}: ${text}`)
  return `${texts.join('\n')}\n${stringifyJson(rest)}`
}
