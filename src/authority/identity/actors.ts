// Holds the one place that turns what a request presents into an actor: a certificate, a token, or a local peer.

import { Fault } from '../../std/fault.ts'
import type { Actor, ActorCredential, Binding } from '../../wire/actor.ts'
import type { Presented, Unauthenticated } from '../../wire/presented.ts'
import { actorFrom, type ActorParts } from './actor.ts'
import { withTask } from './actor-task.ts'
import type { TaskPort } from '../tasks/choice.ts'
import type { IdentityPorts } from './ports.ts'
import { inForce } from './standing.ts'

/** What is known of a token that was shown as it has to be; `TokenFacts` fits. */
export interface ShownToken {
  /** `jti`. */
  readonly id: string
  readonly instance: string
  readonly delegation?: string
  readonly scope?: readonly string[]
  readonly binding?: { readonly kind: 'dpop' | 'mtls' }
  /** ms since the epoch. */
  readonly ends: number
}

/** What actors are made from. Everything is synchronous, from memory: asked several times for every call. */
export interface ActorPorts extends Pick<IdentityPorts, 'clock' | 'registry' | 'delegations'> {
  readonly identities: {
    actorOf(fingerprint: string): Actor | undefined
    live(id: string): (ActorParts['instance'] & { readonly delegation?: string }) | undefined
  }
  /** Says which task an actor works on; absent: there are none, and naming one is refused. */
  readonly tasks?: TaskPort
  readonly tokens?: { check(presented: Presented): ShownToken | Unauthenticated }
  /** Which instance a local process is; absent where no socket is served. */
  readonly peers?: {
    instanceOf(peer: NonNullable<Presented['peer']>): string | undefined
  }
}

/** The credentials of one authority. */
export class Actors {
  readonly #ports: ActorPorts

  constructor(ports: ActorPorts) {
    this.#ports = ports
  }

  /** Who is behind a request; made anew from what holds now, whenever it is asked. A token decides where there is one. */
  actorOf(presented: Presented): Actor | Unauthenticated {
    const actor = this.#known(presented)
    return 'refused' in actor ? actor : withTask(actor, presented.task, this.#ports.tasks)
  }

  #known(presented: Presented): Actor | Unauthenticated {
    if (presented.vouched !== undefined) return this.#byWord(presented.vouched)
    if (presented.token !== undefined) return this.#byToken(presented)
    if (presented.certificate !== undefined) {
      return (
        this.#ports.identities.actorOf(presented.certificate) ??
        refused('authenticate.unknown_certificate', 'the certificate belongs to no live instance')
      )
    }
    if (presented.peer !== undefined) return this.#byPeer(presented.peer)
    return refused('authenticate.no_credential', 'no credential was shown')
  }

  #byToken(presented: Presented): Actor | Unauthenticated {
    const { tokens } = this.#ports
    const facts = tokens?.check(presented)
    if (facts === undefined) return unknownToken('tokens are not taken here')
    if ('refused' in facts) return facts
    const { id, instance, delegation, scope, ends } = facts
    // Who has a key shows with it: beside a certificate an unbound bearer is somebody else's (INV-8).
    if (facts.binding === undefined && presented.certificate !== undefined) {
      return unknownToken('the token is not bound to the certificate that it was shown with')
    }
    const binding: Binding = facts.binding?.kind ?? 'none'
    const credential: ActorCredential = {
      kind: 'token',
      id,
      binding,
      ends,
      ...(scope === undefined ? {} : { scope }),
    }
    return (
      this.#actor(instance, credential, { delegation, scope }) ??
      unknownToken('the token stands for nobody who may act')
    )
  }

  #byPeer(peer: NonNullable<Presented['peer']>): Actor | Unauthenticated {
    const { identities, peers } = this.#ports
    const instance = peers?.instanceOf(peer)
    const live = instance === undefined ? undefined : identities.live(instance)
    const id = `${peer.pid}:${peer.started}`
    const actor =
      live &&
      this.#actor(
        live.id,
        { kind: 'peer', id, binding: 'peer', ends: live.lifeEnds },
        { delegation: live.delegation, scope: undefined },
      )
    return actor ?? refused('authenticate.unknown_peer', 'the process is no live instance')
  }

  /** What the enforcer says of whom it authenticated is its word; that the instance is live, and for whom it acts, is ours. */
  #byWord({
    enforcer,
    instance,
    spiffeId,
  }: NonNullable<Presented['vouched']>): Actor | Unauthenticated {
    const live = this.#ports.identities.live(instance)
    const actor =
      live &&
      this.#actor(
        live.id,
        { kind: 'vouched', id: enforcer, binding: 'vouched', ends: live.lifeEnds },
        { delegation: live.delegation, scope: undefined },
      )
    if (actor !== undefined && (spiffeId ?? actor.spiffeId) === actor.spiffeId) return actor
    return refused('authenticate.unknown_instance', 'no live instance has this name')
  }

  #actor(
    id: string,
    credential: ActorCredential,
    {
      delegation,
      scope,
    }: {
      readonly delegation: string | undefined
      readonly scope: readonly string[] | undefined
    },
  ): Actor | undefined {
    const instance = this.#ports.identities.live(id)
    if (instance === undefined) return undefined
    const { agent } = instance
    const of = delegation === undefined ? { agent } : { agent, delegation, instance: id }
    const behalf = inForce(this.#ports, instance, of)
    if (behalf instanceof Fault) return undefined
    const parts = { instance, behalf, credential }
    return actorFrom(this.#ports, scope === undefined ? parts : { ...parts, scope })
  }
}

function unknownToken(detail: string): Unauthenticated {
  return { ...refused('authenticate.unknown_token', detail), error: 'invalid_token' }
}

function refused(code: string, detail: string): Unauthenticated {
  return { refused: true, code, detail }
}
