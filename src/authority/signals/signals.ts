// Holds what security events of others do here: a session that an identity provider revokes ends, and its person is locked.

import { rfc3339 } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import type { TrustSource } from '../../store/rows/trust-source.ts'
import type { Locks } from '../locks/locks.ts'
import type { AuthorityPorts } from '../ports.ts'
import type { People } from '../registry/people.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { IssuerKeys } from '../trust/issuer-keys.ts'
import type { TrustSources } from '../trust/trust-sources.ts'
import { Turns } from '../turns.ts'
import { LATE_MS, readEventToken, type SecurityEvent } from './event-token.ts'
import { signalFault } from './faults.ts'
import { issuerSubjects } from './subject.ts'

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/'
/** What is known of a type for the record; the others are `other`. */
const KNOWN: Readonly<Record<string, string>> = {
  [`${CAEP}session-revoked`]: 'session-revoked',
  [`${CAEP}credential-change`]: 'credential-change',
  [`${SSF}verification`]: 'verification',
  [`${SSF}stream-updated`]: 'stream-updated',
}
const INITIATORS: ReadonlySet<string> = new Set(['admin', 'user', 'policy', 'system'])
/** How long an event is known again: longer than it is taken (ms). */
const KNOWN_MS = LATE_MS + 86_400_000

/** What events work on. */
export interface SignalParts extends Pick<AuthorityPorts, 'audit' | 'clock' | 'store'> {
  readonly trust: Pick<TrustSources, 'get'>
  readonly people: Pick<People, 'external'>
  readonly sessions: Pick<Sessions, 'endOf'>
  readonly locks: Pick<Locks, 'on' | 'add'>
}

/** What became of an event, for the record. */
interface Done {
  /** Person id. */
  readonly person?: string
  /** `unknown_subject`: it names nobody who is here. `noted`: nothing follows from it here. */
  readonly effect: 'locked' | 'already_locked' | 'sessions_ended' | 'unknown_subject' | 'noted'
  readonly sessions?: number
}

/** Receives events, each once. */
export class Signals {
  readonly #parts: SignalParts
  readonly #turns = new Turns()
  /** By the name of the source: never more than there were sources. */
  readonly #keys = new Map<string, { readonly of: TrustSource; readonly keys: IssuerKeys }>()

  constructor(parts: SignalParts) {
    this.#parts = parts
  }

  /**
   * Takes one security event token from a source; one that was taken before is done. When it resolves, what follows from it is in force and on
   * record. Throws `signal.*`, and `trust.unreachable`.
   */
  async receive(name: string, token: string): Promise<void> {
    const source = this.#source(name)
    const { clock } = this.#parts
    const event = await readEventToken(token, { source, keys: this.#keysOf(source), clock })
    // The keys took a while: what was distrusted meanwhile counts no more.
    if (this.#source(name) !== source) throw unknownSource()
    await this.#turns.run(() => this.#take(source, event))
  }

  async #take(source: TrustSource, event: SecurityEvent): Promise<void> {
    const { audit, clock, store } = this.#parts
    if ((await store.spent.get(event.id)) !== undefined) return
    // In force first: after a crash in between the sender tries again, and finds the lock there.
    const done = await this.#act(source, event)
    const { person, ...said } = done
    const receipt = await audit.append({
      type: 'signal.received',
      phase: 'lifecycle',
      ...(person !== undefined && { person }),
      body: {
        source: source.name,
        event: KNOWN[event.type] ?? 'other',
        set: event.id,
        ...said,
        ...saidOf(event),
      },
    })
    await store.spent.insert({ id: event.id, expiresAt: clock.now() + KNOWN_MS }, receipt)
  }

  async #act(source: TrustSource, event: SecurityEvent): Promise<Done> {
    const kind = KNOWN[event.type]
    if (kind !== 'session-revoked' && kind !== 'credential-change') return { effect: 'noted' }
    const person = this.#personOf(source, event)
    if (person === undefined) return { effect: 'unknown_subject' }
    const gone = kind === 'session-revoked' || isTakenAway(event.payload)
    if (!gone) return { person, effect: 'noted' }
    const sessions = await this.#parts.sessions.endOf(person, {
      reason: `${kind} at ${source.name}`,
    })
    // Who logs out there is no danger here.
    if (kind !== 'session-revoked' || event.payload['initiating_entity'] === 'user') {
      return { person, effect: 'sessions_ended', sessions }
    }
    const target = { kind: 'person', name: person } as const
    if (this.#parts.locks.on(target) !== undefined)
      return { person, effect: 'already_locked', sessions }
    const reason = `${source.name} revoked the sessions of this person`
    await this.#parts.locks.add({ target, reason, person: '' })
    return { person, effect: 'locked', sessions }
  }

  /** A transmitter speaks of the people who log in by the source that it was trusted for, and of nobody else. */
  #personOf({ login = '' }: TrustSource, { subject }: SecurityEvent): string | undefined {
    const logins = this.#parts.trust.get(login)
    if (logins?.kind !== 'login') return undefined
    for (const { iss, sub } of issuerSubjects(subject)) {
      const person =
        iss === logins.issuer ? this.#parts.people.external(login, `${iss} ${sub}`) : undefined
      if (person !== undefined) return person.id
    }
    return undefined
  }

  #source(name: string): TrustSource {
    const source = this.#parts.trust.get(name)
    if (source?.kind === 'signals') return source
    throw unknownSource()
  }

  #keysOf(source: TrustSource): IssuerKeys {
    const known = this.#keys.get(source.name)
    if (known?.of === source) return known.keys
    const { issuer, certificates } = source
    const keys = new IssuerKeys(issuer, this.#parts.clock, certificates, 'ssf-configuration')
    this.#keys.set(source.name, { of: source, keys })
    return keys
  }
}

function unknownSource(): Error {
  return signalFault('signal.issuer', 'no such source of signals is trusted here')
}

/** CAEP 1.0 §3.3: `create` and `update` take nothing away. */
function isTakenAway({ change_type: change }: JsonObject): boolean {
  return change === 'revoke' || change === 'delete'
}

/** What else stands in the record: when, and on whose initiative; never what people wrote. */
function saidOf({ at, payload }: SecurityEvent): JsonObject {
  const { initiating_entity: by } = payload
  return {
    happened: rfc3339(at),
    ...(typeof by === 'string' && INITIATORS.has(by) && { by }),
  }
}
