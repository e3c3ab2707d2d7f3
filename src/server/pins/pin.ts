// Holds the pinning of a system: looked at again, and pinned if it still is what a person agreed to.

import type { Pin, ServerPort } from '../../api/ports.ts'
import type { Authority } from '../../authority/open.ts'
import type { PassingChange, SystemDefinition } from '../../wire/system.ts'
import { serverFault } from '../faults.ts'
import { standingOf } from '../isolation.ts'
import type { LivePolicy } from '../live-policy.ts'
import { digested, inspectSystem, type PinParts } from './inspect.ts'
import { asBefore, said, withEffects } from './said.ts'
import type { Looked } from './signs/sign.ts'
import { knownDefinition, standingWith } from './standing.ts'

type Pinning = Pick<PinParts, 'policy'> & {
  readonly authority: Pick<Authority, 'systems' | 'secrets' | 'policies'>
}

/**
 * Looks again, and pins what is there if it is still what the person agreed to. Where the policies in force do not hold with it,
 * they go on with what they know, and the system is isolated until they are mended.
 */
export async function pinSystem(parts: PinParts, pin: Pin): Promise<SystemDefinition> {
  const seen = await inspectSystem(parts, pin, pin.person)
  if (seen.fingerprint !== pin.fingerprint) {
    throw serverFault('system.changed', `${pin.name} is no longer what was shown`)
  }
  return parts.policy.turns.run(() => {
    const before = parts.authority.systems.get(pin.name)
    const labelled = withEffects(seen.definition.actions, pin.effects)
    const passing = pin.passing ?? before?.passing
    const definition = digested({
      ...seen.definition,
      maxProcesses: pin.maxProcesses ?? seen.definition.maxProcesses,
      actions: said(asBefore(labelled, before?.actions ?? [], true), pin.facts),
      ...passes(passing),
    })
    return putSystem(parts, definition, pin, pin.secrets ?? {})
  })
}

function passes(passing: readonly PassingChange[] = []): Pick<SystemDefinition, 'passing'> {
  return passing.length === 0 ? {} : { passing: [...new Set(passing)].sort() }
}

/** Changes what is said of actions that are pinned, and which differences pass. Throws `system.unknown`, `system.facts`. */
export function labelSystem(
  parts: Pinning,
  of: Parameters<ServerPort['labelSystem']>[0],
): Promise<SystemDefinition> {
  return parts.policy.turns.run(() => {
    const { passing: before, ...definition } = parts.authority.systems.find(of.name).definition
    const actions = said(definition.actions, of.facts)
    return putSystem(
      parts,
      digested({ ...definition, actions, ...passes(of.passing ?? before) }),
      of,
      {},
    )
  })
}

/**
 * Pins what a system showed in place of what is pinned: what people said of actions that are no different stays, and what is new has no
 * effects confirmed, which counts as every effect. In turn with other changes of policies; where `still` says no by then, nothing happens.
 */
export function pinSeen(
  parts: Pinning,
  seen: Looked,
  word: Pick<Pin, 'person' | 'reason'> & Partial<Pick<Pin, 'facts'>>,
  still: () => boolean,
): Promise<SystemDefinition | undefined> {
  return parts.policy.turns.run(async () => {
    if (!still()) return undefined
    const { definition: before } = parts.authority.systems.find(seen.name)
    const known = new Set(before.actions.map(({ name }) => name))
    const unlabelled = seen.actions.map((action) => ({
      ...action,
      effects: known.has(action.name) || action.name.includes('/') ? action.effects : [],
    }))
    const actions = asBefore(unlabelled, before.actions)
    const { maxProcesses } = before
    const { passing: _passing, ...rest } = { ...seen, maxProcesses }
    const definition = {
      ...rest,
      actions: said(actions, word.facts ?? {}),
      ...passes(before.passing),
    }
    return putSystem(parts, digested(definition), word, {})
  })
}

/** Pins, in turn with every other change of policies. */
async function putSystem(
  parts: Pinning & { readonly policy: LivePolicy },
  definition: SystemDefinition,
  word: Pick<Pin, 'person' | 'reason' | 'environment'>,
  secrets: Readonly<Record<string, string>>,
): Promise<SystemDefinition> {
  const { authority, policy } = parts
  const { name } = definition
  const current = authority.policies.current()
  const standing = standingWith(parts, definition)
  // Where nothing is in force there is nothing to break: it stays so until policies are applied that hold.
  if (!standing.ok && policy.problems.length === 0) {
    const first = standing.problems[0]
    const place = first === undefined ? '' : `: ${first.file}:${first.line}: ${first.message}`
    throw serverFault('policy.breaks', `the policies in force do not hold with it${place}`)
  }
  for (const [variable, value] of Object.entries(secrets)) {
    await authority.secrets.put(name, variable, value, word)
  }
  const isolated = standing.ok && standing.isolated.has(name)
  const before = isolated ? knownDefinition(parts, name) : undefined
  const { person, reason, environment } = word
  const { definition: pinned } = await authority.systems.pin(definition, {
    person,
    reason,
    ...(environment !== undefined && { environment }),
    ...(before !== undefined && { before }),
  })
  // A version that the record knows to be replaced stays out of force (INV-13), whatever systems become.
  if (authority.policies.outdated) return pinned
  const after = authority.policies.current()
  // Policies were applied while this was written: what was compiled before speaks of others.
  const settled =
    after === current ? standing : standingOf(after?.sources ?? [], authority.systems.list())
  if (!settled.ok) policy.keep(settled.problems)
  else policy.put(settled.set, after?.sources ?? [], settled.isolated)
  return pinned
}
