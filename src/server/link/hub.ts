// Holds every gateway that is connected: one connection for each name, what locks came to there, and how calls ended whose connection broke.

import type { Duplex } from 'node:stream'
import { rfc3339 } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import type { LinkState } from '../../wire/api/gateway.ts'
import type { LinkAnswer } from '../../wire/link.ts'
import { GatewayDesk, type DeskPorts, type Peer } from './desk.ts'
import { linkFault } from './faults.ts'
import type { LinkParts } from './parts.ts'

/** How long the end of a call is waited for whose connection broke (ms): a gateway has no lease for longer, unless it reads. */
const LATE_MS = 10_000
/** A gateway asks every second: one that has not for so long is gone, whatever its connection looks like (ms). */
const SILENT_MS = 5_000
/** Locks whose confirmations are timed. */
const MOST_TIMED = 1_024

type Confirmed = Parameters<DeskPorts['onConfirmed']>[1]

/** The gateways of a control. */
export class GatewayHub {
  readonly #parts: LinkParts
  readonly #renew: DeskPorts['renew']
  readonly #desks = new Map<string, GatewayDesk>()
  readonly #since = new Map<string, number>()
  /** As each gateway said last. */
  readonly #leases = new Map<string, number>()
  readonly #late = new Map<string, (answer: JsonObject) => void>()
  /** When locks came to be in force, monotonic. */
  readonly #locked = new Map<string, number>()
  readonly #stop: () => void

  constructor(parts: LinkParts, renew: DeskPorts['renew']) {
    this.#parts = parts
    this.#renew = renew
    // Before any desk listens: what is told to gateways is timed from here.
    this.#stop = parts.authority.locks.onChange((change, { id }) => {
      if (change === 'removed') return
      const oldest = this.#locked.keys().next().value
      if (this.#locked.size >= MOST_TIMED && oldest !== undefined) this.#locked.delete(oldest)
      this.#locked.set(id, parts.clock.monotonic())
    })
  }

  /** Takes a connection of a gateway that has proven who it is. One that it had before ends. */
  take(socket: Duplex, peer: Peer): void {
    const { name } = peer
    this.#desks.get(name)?.link.close(linkFault('link.lost', 'the gateway connected anew'))
    const desk: GatewayDesk = new GatewayDesk(socket, peer, {
      parts: this.#parts,
      late: (call) => this.#waitFor(call),
      onLate: (...late) => this.#onLate(...late),
      onConfirmed: (gateway, confirmed) => this.#confirmed(gateway, confirmed),
      renew: this.#renew,
    })
    this.#desks.set(name, desk)
    this.#since.set(name, this.#parts.clock.now())
    this.#parts.note('gateway connected', { gateway: name })
    desk.link.onClosed(() => {
      if (this.#desks.get(name) !== desk) return
      this.#desks.delete(name)
      const { hello } = desk
      if (hello !== undefined) this.#leases.set(name, hello.lease_ms)
      this.#since.set(name, this.#parts.clock.now())
      this.#parts.note('gateway gone', { gateway: name, why: desk.link.lost?.detail })
    })
  }

  /** How a gateway is connected; undefined where it was never seen by this process. */
  of(name: string): LinkState | undefined {
    const since = this.#since.get(name)
    if (since === undefined) return undefined
    const desk = this.#desks.get(name)
    const lease = desk?.hello?.lease_ms ?? this.#leases.get(name)
    const of = { since: rfc3339(since), ...(lease !== undefined && { lease_ms: lease }) }
    if (desk === undefined) return { state: 'away', ...of }
    const { calls, hello, seenAt } = desk
    return {
      state: 'connected',
      ...of,
      view_age_ms: Math.max(0, this.#parts.clock.now() - seenAt),
      calls,
      ...(hello !== undefined && { version: hello.release, urls: [...hello.urls] }),
    }
  }

  /** URLs under which connected gateways say that agents reach them. */
  urls(): readonly string[] {
    return [...this.#desks.values()].flatMap(({ hello }) => hello?.urls ?? [])
  }

  /** Ends the connection of a gateway. */
  end(name: string, why: string): void {
    this.#desks.get(name)?.link.close(linkFault('link.refused', why))
  }

  /** Ends connections over which nothing is asked any more. */
  endSilent(): void {
    const before = this.#parts.clock.now() - SILENT_MS
    for (const { link, seenAt } of this.#desks.values()) {
      if (seenAt < before) link.close(linkFault('link.lost', 'the gateway has gone silent'))
    }
  }

  /** Tells a gateway which systems are its own now. */
  assigned(name: string): void {
    this.#desks.get(name)?.assigned()
  }

  /** Has every gateway keep what is new to itself: this control is about to end, and another one, or the next, goes on. */
  drain(): void {
    for (const desk of this.#desks.values()) desk.drain()
  }

  close(): void {
    this.#stop()
    for (const desk of this.#desks.values()) {
      desk.link.close(linkFault('link.lost', 'control has ended'))
    }
  }

  /** How a call ended that was under way when its connection broke, once its gateway is back and says so. */
  #waitFor(call: string): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        this.#late.delete(call)
        reject(linkFault('link.lost', 'the gateway was lost while it carried the call out'))
      }, LATE_MS)
      this.#late.set(call, (answer) => {
        clearTimeout(timeout)
        this.#late.delete(call)
        resolve(answer)
      })
    })
  }

  /** Where nobody waits any more, the outcome that was recorded is `unknown`; this says what it was. */
  #onLate(gateway: string, call: string, intent: string, answer: LinkAnswer): void {
    const waiting = this.#late.get(call)
    if (waiting !== undefined) return waiting(answer as unknown as JsonObject)
    const status = answer.kind === 'answered' ? answer.status : answer.kind
    this.#record('call.late_outcome', { gateway, status }, { call, ref: intent })
  }

  #confirmed(gateway: string, { sig, ...confirmed }: Confirmed): void {
    const at = this.#locked.get(confirmed.lock)
    const after = at === undefined ? {} : { after_ms: this.#parts.clock.monotonic() - at }
    this.#record('lock.confirmed', { gateway, ...confirmed, ...after, sig })
  }

  #record(type: string, body: JsonObject, of: { call?: string; ref?: string } = {}): void {
    const { audit, note } = this.#parts
    audit.append({ type, phase: 'lifecycle', ...of, body }).catch((error: unknown) => {
      note('record failed', { what: type, error: String(error) })
    })
  }
}
