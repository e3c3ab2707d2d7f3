// Holds the question asked at every call: does this credential stand for a live instance, and for whom does it act?

import { Fault } from '../../std/fault.ts'
import type { Actor } from '../../wire/actor.ts'
import { actorFrom, type Behalf } from './actor.ts'
import { fault } from './faults.ts'
import type { IdentityPorts } from './ports.ts'
import type { LiveCertificate, LiveView } from './view.ts'

/** What says on whose behalf an instance acts. */
type BehalfPorts = Pick<IdentityPorts, 'clock' | 'delegations' | 'registry'>

/** What a certificate is worth: the instance behind it and on whose behalf it acts, or why it is worth nothing. */
export type Standing =
  | { readonly live: LiveCertificate; readonly behalf: Behalf; readonly refused?: undefined }
  | { readonly live?: undefined; readonly refused: Fault }

/** On whose behalf an agent acts through a delegation, or through none (INV-4: an absent party is never consent). */
export function behalf(
  { clock, delegations, registry }: BehalfPorts,
  of: { readonly agent: string; readonly delegation?: string; readonly instance?: string },
): Behalf | Fault {
  if (of.delegation === undefined) {
    return registry.agentOf(of.agent)?.unattended === true
      ? 'unattended'
      : fault('identity.attended', 'this agent does not act without a person')
  }
  const chain = delegations.chainOf(of.delegation)
  const last = chain?.at(-1)
  if (
    chain === undefined ||
    last === undefined ||
    last.expiresAt <= clock.now() ||
    last.agent !== of.agent ||
    last.instance !== of.instance
  ) {
    return fault('identity.delegation_over', 'the delegation that it acts under does not hold')
  }
  if (last.person === '') {
    // The chain begins with an agent that acts unattended: so is everybody in it, or nobody acts.
    return registry.agentOf(of.agent)?.unattended === true
      ? { id: of.delegation, person: '', personRoles: [], chain }
      : fault('identity.attended', 'this agent does not act without a person')
  }
  const person = registry.personOf(last.person)
  if (person === undefined) {
    return fault('identity.delegation_over', 'the delegation that it acts under does not hold')
  }
  return { id: of.delegation, person: person.id, personRoles: [...person.roles].sort(), chain }
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
  // Past its life it is told so: no certificate would help it any more.
  const over = now >= live.notAfter && now < live.instance.lifeEnds
  if (now < live.notBefore || over) {
    return { refused: fault('identity.expired', 'the certificate has ended') }
  }
  const { agent, delegation, id: instance } = live.instance
  const of = delegation === undefined ? { agent } : { agent, delegation, instance }
  const found = inForce(ports, live.instance, of)
  return found instanceof Fault ? { refused: found } : { live, behalf: found }
}

/** On whose behalf a live instance acts now, by one of its credentials; or why it may not act at all. */
export function inForce(
  ports: BehalfPorts,
  instance: { readonly agent: string; readonly lifeEnds: number },
  of: { readonly agent: string; readonly delegation?: string; readonly instance?: string },
): Behalf | Fault {
  if (ports.clock.now() >= instance.lifeEnds) {
    return fault('identity.life_over', 'the instance has reached the end of its life')
  }
  if (ports.registry.agentOf(instance.agent)?.state !== 'active') {
    return fault('identity.agent_inactive', 'the agent is not active')
  }
  return behalf(ports, of)
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
  return actorFrom(ports, {
    instance,
    behalf: found.behalf,
    credential: { kind: 'x509', id: fingerprint, binding: 'mtls', ends: notAfter },
  })
}
