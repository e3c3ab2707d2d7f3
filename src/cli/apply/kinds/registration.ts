// Holds documents of registrations: which workloads are instances of which agent, where they act on nobody's behalf.

import { z } from 'zod'
import { rfc3339 } from '../../../std/clock.ts'
import { NewRegistration, Registration } from '../../../wire/api/registration.ts'
import { Moment } from '../../../wire/api/text.ts'
import { target } from '../../control/control.ts'
import { everyRegistration } from '../../control/lists.ts'
import { differing, type Kind, type Members } from '../kind.ts'
import type { Tree } from '../yaml.ts'

const { agent, attestor, source, selectors, composition, scope } = NewRegistration.shape

const When = z
  .string()
  .transform((text) => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text))
  .pipe(Moment)
  .transform((text) => rfc3339(Date.parse(text)))

/** A registration has no name of its own: who it makes of whom tells it from the others. */
const Schema = z
  .strictObject({
    kind: z.literal('registration'),
    agent,
    attestor,
    source,
    selectors: selectors.transform((all) => [...new Set(all)].sort()),
    prove: composition.transform((taken) => taken ?? {}),
    scope: scope.transform((patterns) => patterns?.toSorted() ?? null),
    expires: When.nullable().default(null),
  })
  .transform((document) => ({ ...document, name: nameOf(document) }))

interface Named {
  readonly agent: string
  readonly attestor: string
  readonly source?: string | undefined
  readonly selectors: readonly string[]
}

function nameOf(of: Named): string {
  const by = of.source === undefined ? of.attestor : `${of.attestor} ${of.source}`
  return `${of.agent} by ${by}: ${of.selectors.join(' ')}`
}

function membersOf(one: Registration): Members {
  return {
    id: one.id,
    agent: one.agent,
    attestor: one.attestor,
    ...(one.source !== null && { source: one.source }),
    selectors: one.selectors.toSorted(),
    prove: Object.fromEntries(Object.entries(one.composition)) as Record<string, string>,
    scope: one.scope?.toSorted() ?? null,
    expires: one.expires_at,
  }
}

/**
 * The kind `registration`. What a person registers on their own behalf is no document: whoever applied it would pass on their own
 * authority by what somebody else wrote down.
 */
export function registrationKind(now: () => number): Kind {
  return {
    kind: 'registration',
    schema: Schema as unknown as Kind['schema'],
    current: async (control) => {
      const all = await everyRegistration(control)
      const found = all.filter((one) => one.on_behalf_of === null && one.in_force)
      return new Map(
        found.map((one) => [nameOf({ ...one, source: one.source ?? undefined }), membersOf(one)]),
      )
    },
    differences: (before, wanted) => {
      const { expires } = wanted
      const over = typeof expires === 'string' && Date.parse(expires) <= now()
      // An old document does not fail because its end has passed.
      if (before === undefined && over) return []
      // Where a document says nothing, the end that it has is as good as any.
      return differing(before, wanted).filter(
        ({ member }) => member !== 'expires' || expires !== null,
      )
    },
    send: async ({ control, reason }, _name, before, wanted) => {
      await control.send('POST', '/v1/registrations', body(wanted), Registration)
      if (before === undefined) return
      // The new one first: what cannot be registered takes nothing away. Instances of the old one end with it.
      const path = target(['v1', 'registrations', before['id'] as string, 'remove'])
      await control.send('POST', path, { reason }, Registration)
    },
    exported: (_name, { id: _id, ...members }) => {
      const said = Object.entries(members).filter(([, value]) => !isNothing(value))
      return { kind: 'registration', ...Object.fromEntries(said) }
    },
  }
}

function isNothing(value: Tree): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}

function body({ kind: _kind, prove, scope: patterns, expires, ...said }: Members): NewRegistration {
  return {
    ...said,
    ...(prove !== undefined && !isNothing(prove) && { composition: prove }),
    ...(patterns !== null && { scope: patterns }),
    ...(expires !== null && { expires_at: expires }),
    unattended: true,
  } as unknown as NewRegistration
}
