// Holds the wiring of consent: its ports filled from the authority, the tokens and the settings of this home.

import { Consents } from '../authority/consent/consents.ts'
import type { Identities } from '../authority/identity/identities.ts'
import type { Authority } from '../authority/open.ts'
import type { Tokens } from '../authority/tokens/tokens.ts'
import type { KeyRing } from '../keys/ring.ts'
import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import { Fault } from '../std/fault.ts'
import type { Timer } from '../std/timer.ts'
import type { Store } from '../store/open.ts'
import type { Observe } from '../wire/observation.ts'
import type { AuditSink } from '../wire/record.ts'
import type { GatewayResources } from './resources.ts'
import type { Settings } from './settings.ts'

/** What consents are opened over. */
export interface ConsentParts {
  readonly settings: Pick<Settings, 'unboundTokensMs' | 'loopbackClients'>
  readonly machine: { readonly clock: Clock; readonly entropy: Entropy; readonly timer: Timer }
  readonly store: Store
  readonly audit: AuditSink
  readonly keys: Pick<KeyRing, 'encryption'>
  readonly authority: Pick<Authority, 'agents' | 'people' | 'delegations' | 'tasks'>
  readonly identities: Identities
  readonly tokens: Tokens
  readonly resources: Pick<GatewayResources, 'all' | 'systemOf'>
  readonly observe: Observe
  readonly onTrouble: (error: unknown) => void
}

/** Opens the consents of a home: after tokens, identities and delegations, and closed before them. */
export function openConsents(parts: ConsentParts): Promise<Consents> {
  const { authority, identities, machine, settings, tokens } = parts
  const { agents, delegations, people, tasks } = authority
  return Consents.open({
    ...machine,
    store: parts.store,
    audit: parts.audit,
    sealer: parts.keys.encryption,
    registry: {
      agents: () => agents.list(),
      agentOf: (name) => agents.get(name),
      personOf: (id) => people.get(id),
    },
    delegations: {
      create: (of) => delegations.create(of),
      get: (id) => delegations.get(id),
      revoke: (id, word) => unlessOver(delegations.revoke(id, word), 'delegation.unknown'),
      onEnd: (listener) => delegations.onEnd(listener),
    },
    tasks: {
      open: async ({ agent, person, intent, scope, endsAt }) => {
        const permits = scope.map((action) => ({ action }))
        const wish = { agent, intent, bound: true, scope: permits, endsAt }
        return (await tasks.open(wish, { person })).id
      },
      cancel: (task, reason) =>
        unlessOver(tasks.end(task, 'cancelled', { by: '', reason }), 'task.unknown'),
    },
    instances: {
      enrolKeyless: (of) => identities.enrolKeyless(of),
      live: (id) => identities.live(id),
      end: (id, { by, reason }) =>
        unlessOver(
          by === ''
            ? identities.endInstance(id, reason)
            : identities.revokeInstance(id, reason, by),
          'identity.no_instance',
        ),
      onGone: (listener) => identities.onGone((instance) => listener(instance)),
    },
    tokens: {
      get issuer() {
        return tokens.issuer
      },
      issue: (of) => tokens.issue(of),
      find: (text) => {
        const found = tokens.find(text)
        return 'refused' in found ? undefined : found
      },
      revoke: (id, reason) => tokens.revoke(id, reason),
      revokeFamily: (family, reason) => tokens.revokeFamily(family, reason),
    },
    resources: {
      everything: () => parts.resources.all()[0] ?? '',
      systemOf: (resource) => parts.resources.systemOf(resource),
    },
    observe: parts.observe,
    settings: { unboundMs: settings.unboundTokensMs, loopbackClients: settings.loopbackClients },
    onTrouble: parts.onTrouble,
  })
}

/** What ends together may have ended already: that is no failure. */
async function unlessOver(work: Promise<unknown>, code: string): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== code) throw error
  }
}
