// Holds the check for hints that contradict the name of their tool.

import type { Look, Sign } from './sign.ts'

/** What a tool is called that changes something. */
const CHANGING =
  /^(?:.*[_.-])?(?:delete|remove|drop|destroy|purge|erase|write|create|update|edit|modify|set|send|post|publish|pay|refund|transfer|execute|exec|run|deploy|install|grant|revoke|move|rename|upload|kill)(?:[_.-].*|[A-Z].*)?$/

/** Points out tools that say that they only read, and are called as if they did not. */
export function* hints({ system }: Look): Generator<Sign> {
  for (const { name, annotations } of system.actions) {
    if (annotations?.['readOnlyHint'] !== true || !CHANGING.test(name)) continue
    yield {
      code: 'hints',
      place: `tool ${name}, annotations`,
      message: 'says that it only reads, and is called as if it did not',
      excerpt: 'readOnlyHint: true',
    }
  }
}
