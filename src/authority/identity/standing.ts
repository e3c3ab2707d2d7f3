// Holds the question asked at every call: does this certificate stand for a live instance, and for whom does it act?

import { Fault } from '../../std/fault.ts'
import type { Actor } from '../../wire/actor.ts'
import { fault } from './faults.ts'
import type { IdentityPorts } from './ports.ts'
import type { LiveCertificate, LiveView } from './view.ts'

/** On whose behalf an instance acts; `unattended` for the agents that are registered so. */
type Behalf = NonNullable<Actor['delegation']> | 'unattended'

/** What a certificate is worth: the instance behind it and on whose behalf it acts, or why it is worth nothing. */
export type Standing =
  | { readonly live: LiveCertificate; readonly behalf: Behalf; readonly refused?: undefined }
  | { readonly live?: undefined; readonly refused: Fault }

/** On whose behalf an agent acts through a delegation, or through none (INV-4: an absent party is never consent). */
export function behalf(
  ports: Pick<IdentityPorts, 'clock' | 'delegations' | 'registry'>,
  of: { readonly agent: string; readonly delegation?: string; readonly instance?: string },
): Behalf | Fault {
  const { clock, delegations, registry } = ports
  if (of.delegation === undefined) {
    return registry.agentOf(of.agent)?.unattended === true
      ? 'unattended'
      : fault('identity.attended', 'this agent does not act without a person')
  }
  const delegation = delegations.get(of.delegation)
  const person = delegation === undefined ? undefined : registry.personOf(delegation.person)
  if (
    delegation === undefined ||
    person === undefined ||
    delegation.expiresAt <= clock.now() ||
    delegation.agent !== of.agent ||
    delegation.instance !== of.instance
  ) {
    return fault('identity.delegation_over', 'the delegation that it acts under does not hold')
  }
  return { id: of.delegation, person: person.id, personRoles: [...person.roles].sort() }
}

/**
 * Looks a certificate up by fingerprint. Only certificates whose issuance is recorded are in the view: one that was signed
 * with our key and is not there is worth nothing.
 */
export function standing(view: LiveView, ports: IdentityPorts, fingerprint: string): Standing {
  const now = ports.clock.now()
  const live = view.certificate(fingerprint)
  if (live === undefined) {
    return { refused: fault('identity.unrecognised', 'no live instance has this certificate') }
  }
  const { agent, delegation, id: instance, lifeEnds } = live.instance
  if (now >= lifeEnds) {
    return { refused: fault('identity.life_over', 'the instance has reached the end of its life') }
  }
  if (now < live.notBefore || now >= live.notAfter) {
    return { refused: fault('identity.expired', 'the certificate has ended') }
  }
  if (ports.registry.agentOf(agent)?.state !== 'active') {
    return { refused: fault('identity.agent_inactive', 'the agent is not active') }
  }
  const found = behalf(
    ports,
    delegation === undefined ? { agent } : { agent, delegation, instance },
  )
  return found instanceof Fault ? { refused: found } : { live, behalf: found }
}

/** The actor behind a certificate, or undefined: made anew from what holds now, at every call. */
export function actorOf(
  view: LiveView,
  ports: IdentityPorts,
  fingerprint: string,
): Actor | undefined {
  const found = standing(view, ports, fingerprint)
  if (found.live === undefined) return undefined
  const { instance, notAfter } = found.live
  const agent = ports.registry.agentOf(instance.agent)
  if (agent === undefined) return undefined
  return {
    instance: instance.id,
    agent: instance.agent,
    spiffeId: instance.spiffeId,
    roles: [...agent.roles].sort(),
    owner: agent.owner,
    ...(found.behalf === 'unattended' ? {} : { delegation: found.behalf }),
    environment: 'default',
    chain: [],
    scopes: [],
    credential: { kind: 'x509', id: fingerprint, binding: 'mtls', ends: notAfter },
    attested: {},
    lifeEnds: instance.lifeEnds,
  }
}
