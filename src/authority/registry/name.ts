// Holds the check of names, and the guess at which name was meant.

import { faults } from '../../std/fault.ts'
import { isName } from '../../std/id.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Throws `name.invalid` unless the text is a name. `what` says whose. */
export function checkName(what: string, name: string): void {
  if (!isName(name)) throw fault('name.invalid', `\`${shown(name)}\` is not a name of ${what}`)
}

/** Roles, each checked, sorted, each once. */
export function checkedRoles(roles: readonly string[]): readonly string[] {
  for (const role of roles) checkName('a role', role)
  return [...new Set(roles)].sort()
}

/** What was asked for, quoted and bounded, with up to three names that are close to it. */
export function unknownName(name: string, known: Iterable<string>): string {
  const near = [...known]
    .map((candidate) => ({ candidate, distance: distance(name.slice(0, 64), candidate) }))
    .filter(
      ({ candidate, distance: d }) =>
        d < candidate.length && d <= Math.max(2, Math.floor(candidate.length / 3)),
    )
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => `\`${candidate}\``)
  const guess = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
  return `\`${shown(name)}\` is not known${guess}`
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64)).slice(1, -1)
}

/** Edits that turn one text into the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
