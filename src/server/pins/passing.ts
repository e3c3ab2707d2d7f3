// Holds which differences pass without a person: those that one named beforehand, and only where nothing in them is to be looked at twice.

import type { Difference } from '../../gateway/upstream/difference.ts'
import type { PassingChange, SystemDefinition } from '../../wire/system.ts'
import { signsOf } from './signs/all.ts'
import type { Looked, Sign } from './signs/sign.ts'

/** The word that lets a difference pass, if there is one. */
function wordFor(difference: Difference, seen: Looked): readonly PassingChange[] | undefined {
  const { part, change, fields, name } = difference
  const only = (...names: readonly string[]) => fields.every(({ field }) => names.includes(field))
  if (part === 'identity') {
    const both = seen.identity?.kind === 'certificate'
    return both ? ['certificate'] : undefined
  }
  if (part === 'server') {
    if (only('version')) return ['server-version']
    return only('title') ? ['title'] : undefined
  }
  if (part === 'instructions' || part === 'capabilities') return undefined
  if (change === 'removed') return ['removed']
  if (change === 'changed') {
    if (part === 'method') return undefined
    if (only('title')) return ['title']
    if (only('description')) return ['description']
    return only('title', 'description') ? ['title', 'description'] : undefined
  }
  const added = seen.actions.find((action) => action.name === name)
  const reads = part === 'tool' && added?.annotations?.['readOnlyHint'] === true
  return reads ? ['added-readonly'] : undefined
}

function signText({ code, place, excerpt }: Sign): string {
  return `${code} ${place} ${excerpt}`
}

/** Splits differences into those that pass and those that wait for a person. */
export function passingOf(
  found: readonly Difference[],
  pinned: SystemDefinition,
  seen: Looked,
  others: readonly Looked[],
): { readonly passes: readonly Difference[]; readonly waits: readonly Difference[] } {
  const allowed = new Set(pinned.passing)
  if (allowed.size === 0) return { passes: [], waits: found }
  const passes: Difference[] = []
  const waits: Difference[] = []
  for (const difference of found) {
    const words = wordFor(difference, seen)
    const passed = words?.every((word) => allowed.has(word)) === true
    if (passed) passes.push(difference)
    else waits.push(difference)
  }
  if (passes.length === 0) return { passes, waits }
  const known = new Set(signsOf(pinned, others).map(signText))
  // What came with a sign that was not there before is for a person, whatever it is.
  const strange = signsOf(seen, others).some((sign) => !known.has(signText(sign)))
  return strange ? { passes: [], waits: found } : { passes, waits }
}
