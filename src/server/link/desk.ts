// Holds the desk of one connected gateway: what it asks is answered, what it tells is taken, and what changes is pushed to it.

import { verify, type KeyObject } from 'node:crypto'
import { mayCallOf } from '../../gateway/mcp/may-call.ts'
import type { Described } from '../../gateway/upstream/definition.ts'
import { utf8 } from '../../std/bytes.ts'
import { canonicalJson, type Json, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import { LINK_VERSION, linkReader, type LinkAnswer, type LinkWelcome } from '../../wire/link.ts'
import type { Presented } from '../../wire/presented.ts'
import type { ServerIdentity, SystemDefinition } from '../../wire/system.ts'
import { LinkCalls } from './calls.ts'
import { linkFault } from './faults.ts'
import { Link, type LinkHandlers } from './link.ts'
import type { LinkParts } from './parts.ts'
import { lockSaid, pushTo, systemsSaid } from './pushed.ts'
import type { Late } from './remote-operation.ts'
import type { Duplex } from 'node:stream'

/** Who is at the other end of a connection. */
export interface Peer {
  readonly name: string
  /** The public key of the certificate that it shows. */
  readonly key: KeyObject
  readonly mayReach: (system: string) => boolean
  readonly hosts: () => readonly string[]
}

/** What the hub of all gateways is told by a desk. */
export interface DeskPorts {
  readonly parts: LinkParts
  readonly late: Late
  /** How a call ended whose connection was gone meanwhile. False: nobody waits for that any more. */
  onLate(gateway: string, call: string, intent: string, answer: LinkAnswer): void
  /** A gateway says what a lock ended there; `sig` is by its own key. */
  onConfirmed(
    gateway: string,
    of: { lock: string; calls: number; processes: number; sig: string },
  ): void
  renew(gateway: string, csr: string): Promise<JsonObject>
}

/** What is known of a connection. */
export interface Hello {
  readonly release: string
  readonly boot: string
  readonly lease_ms: number
  readonly urls: readonly string[]
}

/** What a gateway signs when it confirms a lock. */
export function confirmation(
  lock: string,
  gateway: string,
  calls: number,
  processes: number,
): Uint8Array {
  return utf8(`bailiwick/lock-confirmed/v1\n${canonicalJson({ calls, gateway, lock, processes })}`)
}

/** One connection of one gateway. */
export class GatewayDesk {
  readonly #of: DeskPorts
  readonly #peer: Peer
  readonly #calls: LinkCalls
  readonly link: Link
  #hello: Hello | undefined
  #stopPushing: () => void = () => undefined
  /** When the last question about its view was answered (ms since the epoch). */
  seenAt: number

  constructor(socket: Duplex, peer: Peer, of: DeskPorts) {
    this.#of = of
    this.#peer = peer
    this.seenAt = of.parts.clock.now()
    this.link = new Link(socket, this.#handlers())
    const { link } = this
    this.#calls = new LinkCalls({ ...of, link, gateway: peer.name, mayReach: peer.mayReach })
    link.onClosed(() => {
      this.#stopPushing()
      this.#calls.left()
    })
  }

  /** What it said of itself; undefined until it did. */
  get hello(): Hello | undefined {
    return this.#hello
  }

  get calls(): number {
    return this.#calls.size
  }

  /** Tells it which systems are its own now. */
  assigned(): void {
    const systems = systemsSaid(this.#of.parts, this.#peer.mayReach)
    this.link.tell('systems', { systems } as unknown as JsonObject)
  }

  /** Has it send nothing new: this control is about to end. */
  drain(): void {
    this.link.tell('drain', {})
  }

  #handlers(): LinkHandlers {
    const { parts } = this.#of
    const { governor, ports } = parts
    const read = linkReader
    return {
      asked: {
        hello: async (said) => {
          await this.#mustHaveTurn()
          return this.#welcome(said)
        },
        ping: async (said) => {
          const { nonce } = read.ping(said)
          this.seenAt = parts.clock.now()
          await this.#mustHaveTurn()
          return { nonce, wall: parts.clock.now() }
        },
        who: (said) => parts.actors.actorOf(read.presented(said).presented) as unknown as Json,
        see: (said) => this.#see(said),
        call: (said) => this.#calls.govern(read.call(said)),
        access: (said) => this.#calls.ask(read.access(said)),
        question: async (said) => {
          const { presented, system, ...question } = read.question(said)
          const [actor, definition] = this.#whereAsked(presented, system)
          const reason = await ports.asks.refuses(actor, definition, question)
          return reason === undefined ? {} : { reason }
        },
        turned_away: async (said) => {
          const { code, detail, ...of } = read.turnedAway(said)
          await governor.turnedAway(of, { code, detail })
          return {}
        },
        sign: async (said) => {
          const { n, body, url, ...request } = read.sign(said)
          const { sign } = this.#calls.equipmentOf(n)
          if (sign === undefined) throw linkFault('link.unknown', 'nothing is signed for this call')
          const bytes = body === undefined ? {} : { body: Buffer.from(body, 'base64') }
          return { headers: { ...(await sign({ ...request, ...bytes, url: new URL(url) })) } }
        },
        late: (said) => {
          const { call, intent, answer } = read.late(said)
          this.#of.onLate(this.#peer.name, call, intent, answer)
          return {}
        },
        renew: (said) => this.#of.renew(this.#peer.name, read.renew(said).csr),
      },
      told: this.#toldHandlers(),
    }
  }

  #toldHandlers(): LinkHandlers['told'] {
    const { parts } = this.#of
    const { governor, ports } = parts
    const read = linkReader
    return {
      end: (said) => {
        const { n, code, detail } = read.ending(said)
        this.#calls.end(n, code, detail)
      },
      enough: (said) => this.#calls.enough(read.number(said).n),
      answered: (said) => {
        const { presented, system, method, status } = read.answered(said)
        const actor = parts.actors.actorOf(presented)
        const definition = this.#definition(system)
        // Whoever is nobody any more has its end on record.
        if ('refused' in actor || definition === undefined) return
        ports.asks.answered(actor, definition, method, status)
      },
      confirm: (said) => this.#confirm(said),
      reached: (said) => {
        const { urls } = read.reached(said)
        if (this.#hello !== undefined) this.#hello = { ...this.#hello, urls }
      },
      refused: (said) => ports.watch.refused(`${this.#peer.name}:${read.refused(said).kind}`),
      arrived: (said) => {
        const { system, action, ...at } = read.arrived(said)
        ports.effects.arrived(at, system, action)
      },
      given: (said) => {
        const { instance, call } = read.given(said)
        governor.given.note(instance, { by: 'system', call })
      },
      showed: (said) => {
        const { system, digest, described } = read.showed(said)
        const definition = this.#definition(system)
        // What it showed is held against what is pinned by now; against an older pin it says nothing.
        if (definition?.digest === digest) {
          ports.pins.showed(definition, described as unknown as Described)
        }
      },
      stranger: (said) => {
        const { system, digest, identity } = read.stranger(said)
        const definition = this.#definition(system)
        if (definition?.digest === digest) {
          ports.pins.stranger(definition, identity as unknown as ServerIdentity)
        }
      },
      used: (said) => {
        const { credential, ...seen } = read.place(said)
        const at = parts.clock.now()
        if (credential === undefined) parts.observe({ kind: 'dpop-replayed', at, ...seen })
        else parts.observe({ kind: 'credential-used', at, credential, ...seen })
      },
    }
  }

  /**
   * INVARIANT: the view of a gateway is young only where this control had its turn after it was asked: what another control knows meanwhile is
   * not known here.
   */
  async #mustHaveTurn(): Promise<void> {
    if (await this.#of.parts.inTurn()) return
    throw linkFault('link.refused', 'this control cannot say that it has its turn')
  }

  #welcome(said: JsonObject): Json {
    const { version, ...hello } = linkReader.hello(said)
    if (version !== LINK_VERSION) {
      throw linkFault('link.frame', `the gateway speaks version ${version} of the link`)
    }
    if (this.#hello !== undefined) throw linkFault('link.frame', 'a gateway says hello once')
    const { parts } = this.#of
    const { mayReach } = this.#peer
    this.#hello = hello
    const welcome: LinkWelcome = {
      version: LINK_VERSION,
      wall: parts.clock.now(),
      trust_domain: parts.trustDomain,
      issuer: parts.issuer(),
      unbound: parts.unbound,
      hosts: this.#peer.hosts(),
      control: parts.control(),
      bundle: parts.bundle(),
      locks: parts.authority.locks.list().map(lockSaid),
      systems: systemsSaid(parts, mayReach),
    }
    // INVARIANT: in the turn of the list, so that nothing falls between the two.
    this.#stopPushing = pushTo(parts, mayReach, (name, params) => this.link.tell(name, params))
    return welcome as unknown as Json
  }

  /** Which actions of systems a caller may see there. */
  #see(said: JsonObject): Json {
    const { presented, systems } = linkReader.see(said)
    const { actors, ports } = this.#of.parts
    const actor = actors.actorOf(presented)
    if ('refused' in actor) return {}
    const seen: JsonObject = {}
    for (const name of systems) {
      const system = this.#definition(name)
      if (system === undefined) continue
      const may = mayCallOf(actor, system, ports)
      seen[name] = system.actions.filter(may).map((action) => action.name)
    }
    return seen
  }

  #confirm(said: JsonObject): void {
    const { lock, calls, processes, sig } = linkReader.confirm(said)
    const { key, name } = this.#peer
    const signed = confirmation(lock, name, calls, processes)
    const by = { key, dsaEncoding: 'ieee-p1363' as const }
    if (!verify('sha256', signed, by, Buffer.from(sig, 'base64url'))) {
      throw linkFault('link.frame', 'a confirmation is not signed by its gateway')
    }
    this.#of.onConfirmed(name, { lock, calls, processes, sig })
  }

  /** One of its systems; undefined for any other. */
  #definition(name: string): SystemDefinition | undefined {
    return this.#peer.mayReach(name) ? this.#of.parts.ports.systems.get(name) : undefined
  }

  #whereAsked(presented: Presented, system: string): [Actor, SystemDefinition] {
    const actor = this.#of.parts.actors.actorOf(presented)
    const definition = this.#definition(system)
    if ('refused' in actor || definition === undefined) {
      throw linkFault('link.refused', 'nobody is known by this, or the system is not its own')
    }
    return [actor, definition]
  }
}
