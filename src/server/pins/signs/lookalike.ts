// Holds the check for names that look like other names, in the system itself or in another that agents know.

import type { Look, Sign } from './sign.ts'
import { skeleton } from './skeleton.ts'
import { visible } from './visible.ts'

/** Names shorter than this are alike too easily. */
const MIN_LENGTH = 4

function namesOf({ actions, prompts = [] }: Look['system']): string[] {
  const tools = actions.filter(({ name }) => !name.includes('/')).map(({ name }) => name)
  return [...tools, ...prompts.map(({ name }) => name)]
}

/** Points out names that are not the same and look the same. */
export function* lookalike({ system, others }: Look): Generator<Sign> {
  const seen = new Map<string, { readonly name: string; readonly of: string }>()
  for (const other of others) {
    for (const name of namesOf(other)) {
      const shape = skeleton(name)
      if (!seen.has(shape)) seen.set(shape, { name, of: other.name })
    }
  }
  const foreign = new Set(others.flatMap(namesOf))
  for (const name of namesOf(system)) {
    const shape = skeleton(name)
    const known = seen.get(shape)
    // The very same name in two systems is told apart by the systems: nothing is pretended.
    if (
      known !== undefined &&
      known.name !== name &&
      !foreign.has(name) &&
      shape.length >= MIN_LENGTH
    ) {
      yield {
        code: 'lookalike',
        place: `tool ${visible(name)}`,
        message: `looks like \`${visible(known.name)}\` of ${known.of}`,
        excerpt: visible(name),
      }
    }
    if (known === undefined) seen.set(shape, { name, of: 'the same system' })
  }
  const own = skeleton(system.name)
  const twin = others.find((other) => other.name !== system.name && skeleton(other.name) === own)
  if (twin !== undefined) {
    const message = `the name of the system looks like that of ${twin.name}`
    yield { code: 'lookalike', place: 'system', message, excerpt: system.name }
  }
}
