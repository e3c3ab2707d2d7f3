// Holds the calls of one gateway: each is governed here, by the same spine as those of this process, and carried out there.

import { CallControl, CallEnd, type CallRequest } from '../../gateway/call.ts'
import { deny, type Denial } from '../../gateway/denial.ts'
import type { Equipment } from '../../gateway/equipment.ts'
import type { ApprovalView } from '../../gateway/ports.ts'
import type { Conclusion, Stopped } from '../../gateway/governing.ts'
import type { Asked } from '../../gateway/ask-ahead.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { linkReader, LinkCall } from '../../wire/link.ts'
import { linkFault } from './faults.ts'
import type { Link } from './link.ts'
import type { LinkParts } from './parts.ts'
import { RemoteOperation, type Late } from './remote-operation.ts'

/** How long a held call waits here at most (ms): the gateway knows its caller's patience, and says when it is over. */
const MOST_PATIENCE_MS = 600_000

type AccessAsked = ReturnType<typeof linkReader.access>

/** What a gateway can end a call for. */
const ENDINGS: readonly CallEnd['code'][] = ['call.cancelled', 'call.cut']

interface Open {
  readonly control: CallControl
  readonly operation: RemoteOperation | undefined
}

/** The calls under way over one connection, by their numbers. */
export class LinkCalls {
  readonly #parts: LinkParts
  readonly #link: Link
  readonly #gateway: string
  readonly #late: Late
  readonly #mayReach: (system: string) => boolean
  readonly #open = new Map<number, Open>()
  #newest = -1

  constructor(of: {
    readonly parts: LinkParts
    readonly link: Link
    readonly gateway: string
    readonly late: Late
    /** Whether a system is assigned to it. */
    readonly mayReach: (system: string) => boolean
  }) {
    this.#parts = of.parts
    this.#link = of.link
    this.#gateway = of.gateway
    this.#late = of.late
    this.#mayReach = of.mayReach
  }

  get size(): number {
    return this.#open.size
  }

  /** Governs a call to its end. */
  async govern(asked: LinkCall): Promise<Json> {
    const operation = new RemoteOperation(this.#link, asked.n, this.#late)
    return this.#through(asked, operation, async (request) =>
      said(await this.#parts.governor.govern(request, operation)),
    )
  }

  /** Asks people ahead. */
  async ask({ wanted, ...asked }: AccessAsked): Promise<Json> {
    const { count, for_ms: forMs, loosen, wait_ms: waitMs, why } = wanted
    const terms = { count, forMs, loosen }
    return this.#through(asked as LinkCall, undefined, async (request) =>
      said(await this.#parts.governor.request(request, { terms, why, waitMs })),
    )
  }

  /** The caller of a held call has waited long enough; its approval goes on. */
  enough(n: number): void {
    this.#open.get(n)?.control.left()
  }

  /** The gateway ends a call. */
  end(n: number, code: string, detail: string): void {
    const known = ENDINGS.find((one) => one === code) ?? 'call.cut'
    this.#open.get(n)?.control.end(new CallEnd(known, detail.slice(0, 256)))
  }

  /** The equipment of a call under way. Throws `link.unknown`. */
  equipmentOf(n: number): Equipment {
    const equipment = this.#open.get(n)?.operation?.equipment
    if (equipment === undefined) throw linkFault('link.unknown', 'no such call is under way')
    return equipment
  }

  /** Nobody is there any more: held calls are let go and not voided, since their callers ask again by another way. */
  left(): void {
    for (const { control } of this.#open.values()) control.left()
  }

  async #through(
    asked: LinkCall,
    operation: RemoteOperation | undefined,
    run: (request: CallRequest) => Promise<Json>,
  ): Promise<Json> {
    const { n, presented, system, ...rest } = asked
    // INVARIANT: a number is good once, so that nothing that comes twice is done twice.
    if (n <= this.#newest) throw linkFault('link.frame', 'the number of a call came twice')
    this.#newest = n
    if (!this.#mayReach(system)) return { ...(await this.#unassigned(asked)) }
    const control = new CallControl()
    this.#open.set(n, { control, operation })
    try {
      return await run({
        ...rest,
        presented,
        system,
        through: this.#gateway,
        control,
        // The gateway knows when its caller leaves, and what that means.
        leavingCancels: false,
        patienceMs: () => MOST_PATIENCE_MS,
        onHeld: (approval) => this.#link.tell('held', { n, approval: viewed(approval) }),
      })
    } finally {
      this.#open.delete(n)
    }
  }

  async #unassigned({ action, presented, system }: LinkCall): Promise<JsonObject> {
    const detail = `\`${system.slice(0, 64)}\` is not reached by way of this gateway`
    const denial = deny('resolve.unknown_system', detail)
    await this.#parts.governor.turnedAway({ presented, system, action }, denial)
    return { kind: 'denied', call: '', denial: denialSaid(denial) }
  }
}

function viewed(approval: ApprovalView): JsonObject {
  return { ...approval, setAside: [...approval.setAside] }
}

function denialSaid({ code, detail, next, retryAfterMs }: Denial): JsonObject {
  return { code, detail, next, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** What became of a call, as the gateway is told. */
function said(conclusion: Conclusion<undefined> | Stopped | Asked): Json {
  const { kind, call } = conclusion
  switch (kind) {
    case 'done':
      return { kind, call }
    case 'denied':
      return { kind, call, denial: denialSaid(conclusion.denial) }
    case 'held': {
      const { approval, decision } = conclusion.held
      return { kind, call, approval: viewed(approval), reason: decision.reason }
    }
    case 'asked': {
      const { approval, state } = conclusion
      return { kind, call, state, ...(approval !== undefined && { approval: viewed(approval) }) }
    }
  }
}
