// Holds what the library has said of policies before: parsing a thousand takes it a second, and most of a set is what it was.

import type { PolicyToJsonAnswer } from '@cedar-policy/cedar-wasm/nodejs'
import { digest } from '../std/bytes.ts'
import { withCedar } from './library.ts'
import type { PolicySchema } from './schema.ts'

/** Texts that are remembered, and their characters: about two sets of the largest size. */
const MOST_TEXTS = 20_000
const MOST_CHARACTERS = 16_777_216

/** Schemas under which valid texts are remembered: the one in force, and one that is looked at. */
const MOST_SCHEMAS = 4

const parsed = new Map<string, PolicyToJsonAnswer>()
let characters = 0

/** The policy as the library reads it. Answers are shared: nobody changes them. Throws `policy.engine`. */
export function parsedPolicy(text: string): PolicyToJsonAnswer {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const answer = withCedar((cedar) => cedar.policyToJson(text))
  // What is wrong will be corrected, and never asked again.
  if (answer.type === 'failure') return answer
  parsed.set(text, answer)
  characters += text.length
  while (parsed.size > MOST_TEXTS || characters > MOST_CHARACTERS) {
    const oldest = parsed.keys().next().value!
    parsed.delete(oldest)
    characters -= oldest.length
  }
  return answer
}

const valid = new Map<string, Set<string>>()

/** The texts that the library found valid under a schema, without a warning: whether one is depends on no other policy. */
export function validUnder(schema: PolicySchema): Set<string> {
  const key = digest(JSON.stringify(schema.json))
  const known = valid.get(key) ?? new Set()
  valid.delete(key)
  valid.set(key, known)
  if (valid.size > MOST_SCHEMAS) valid.delete(valid.keys().next().value!)
  if (known.size > MOST_TEXTS) known.clear()
  return known
}
