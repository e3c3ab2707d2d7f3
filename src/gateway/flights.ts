// Holds the calls under way, so that a lock or the end of an instance reaches every one of them at once (INV-5).

import type { Actor } from '../wire/actor.ts'
import { CallEnd, type CallRequest } from './call.ts'
import { deny, type Denial } from './denial.ts'
import { gatewayFault } from './faults.ts'
import type { SurfacePorts } from './ports.ts'
import { admit } from './steps/02-admit.ts'
import type { UpstreamPool } from './upstream/pool.ts'

/** Calls of one instance under way at once, held ones included. */
const CALLS_PER_INSTANCE = 256

const OVER = new CallEnd(
  'authenticate.delegation_over',
  'the delegation that it acts under has ended',
)

const DONE = new CallEnd('authenticate.task_over', 'the task that it works on has ended')

interface Flight {
  readonly actor: Actor
  readonly request: CallRequest
}

/** Every call between its admission and its conclusion. */
export class Flights {
  readonly #ports: SurfacePorts
  readonly #pool: UpstreamPool
  readonly #flights = new Set<Flight>()
  readonly #byInstance = new Map<string, number>()
  readonly #stop: (() => void)[]
  #landed: (() => void) | undefined
  #lastCut = { calls: 0, processes: 0 }

  constructor(ports: SurfacePorts, pool: UpstreamPool) {
    this.#ports = ports
    this.#pool = pool
    this.#stop = [
      ports.locks.onChange(() => this.#onLocks()),
      ports.identities.onGone((instance) => this.gone(instance)),
      ports.identities.onDelegationEnd((delegation) => this.over(delegation)),
      ports.identities.onTaskEnd((task) => this.done(task)),
    ]
  }

  get size(): number {
    return this.#flights.size
  }

  /** What the change of locks that was told last has ended; read it in the same turn. */
  get lastCut(): { readonly calls: number; readonly processes: number } {
    return this.#lastCut
  }

  /** Takes a call up; a denial when its instance has too many already. */
  take(actor: Actor, request: CallRequest): { land(): void } | Denial {
    const count = this.#byInstance.get(actor.instance) ?? 0
    if (count >= CALLS_PER_INSTANCE) {
      return deny('admit.too_many', `${CALLS_PER_INSTANCE} calls of this instance are under way`)
    }
    const flight: Flight = { actor, request }
    this.#flights.add(flight)
    this.#byInstance.set(actor.instance, count + 1)
    return {
      land: () => {
        this.#flights.delete(flight)
        if (this.#flights.size === 0) this.#landed?.()
        const left = (this.#byInstance.get(actor.instance) ?? 1) - 1
        if (left === 0) this.#byInstance.delete(actor.instance)
        else this.#byInstance.set(actor.instance, left)
      },
    }
  }

  /** Ends what a lock denies: the call first, which tells the upstream, then the processes, which need not listen. */
  #onLocks(): void {
    let calls = 0
    for (const { actor, request } of this.#flights) {
      const denied = admit(actor, request.system, request.action, this.#ports)
      if (denied === undefined || request.control.ended !== undefined) continue
      request.control.end(new CallEnd('call.cut', denied.detail))
      calls++
    }
    const processes = this.#pool.cut(
      (actor, system) => this.#ports.locks.find(actor, system, '') !== undefined,
      gatewayFault('call.cut', 'a lock ended the process'),
    )
    this.#lastCut = { calls, processes }
  }

  /**
   * Ends everything of an instance that may no longer act, because its identity ended or its agent is not active any more; and
   * every call under authority that it passed on, since nobody answers for that now.
   */
  gone(instance: string): void {
    for (const { actor, request } of this.#flights) {
      if (actor.instance === instance) {
        request.control.end(
          new CallEnd('authenticate.unknown_certificate', 'the instance is no longer live'),
        )
      } else if (actor.chain.some((one) => one.instance === instance)) {
        request.control.end(OVER)
      }
    }
    this.#pool.cut(
      ({ instance: own, chain }) =>
        own === instance || chain.some((one) => one.instance === instance),
      gatewayFault('call.cut', 'the instance is no longer live'),
    )
  }

  /** Ends every call under a delegation that has ended; those below it are told of one by one. */
  over(delegation: string): void {
    for (const { actor, request } of this.#flights) {
      if (actor.delegation?.id === delegation) request.control.end(OVER)
    }
    this.#pool.cut(
      (actor) => actor.delegation?.id === delegation,
      gatewayFault('call.cut', OVER.detail),
    )
  }

  /**
   * Ends every call for a task that has ended, those of sub-agents among them, and the conversations that were for it.
   */
  done(task: string): void {
    for (const { actor, request } of this.#flights) {
      if (actor.task?.id === task) request.control.end(DONE)
    }
    this.#pool.cut((actor) => actor.task?.id === task, gatewayFault('call.cut', DONE.detail))
  }

  /**
   * Waits for every call to land. Held ones are let go and not voided: their approval outlives this process, and the caller
   * asks again. What runs ends with its upstream.
   */
  async close(): Promise<void> {
    for (const stop of this.#stop) stop()
    for (const { request } of this.#flights) request.control.left()
    if (this.#flights.size > 0) await new Promise<void>((resolve) => (this.#landed = resolve))
  }
}
