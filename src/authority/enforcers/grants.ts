// Holds grants: authority for one call at one enforcer, signed, seconds long, worth nothing until it is burnt, and then only once.

import { createPublicKey } from 'node:crypto'
import { base64url, sha256, utf8 } from '../../std/bytes.ts'
import { rfc3339, type Clock } from '../../std/clock.ts'
import { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { TokenKey } from '../../keys/ring.ts'
import type { Store } from '../../store/open.ts'
import type { Enforcer } from '../../store/rows/enforcer.ts'
import { jwkThumbprint } from '../../wire/dpop.ts'
import { audienceOf, numericDate, readJws, verifyJws, writeJws } from '../../wire/jwt.ts'
import type { AuditSink } from '../../wire/record.ts'
import { enforcerFault } from './faults.ts'
import { keyOfRow } from './key.ts'

const TYPE = 'bailiwick-grant+jwt'
/** Life of a grant (ms). */
const GRANT_MS = 30_000
/** How long after its grant ended the outcome of a call may still be told (ms). */
const OUTCOME_MS = 86_400_000
/** Grants that are being burnt at this moment. */
const MOST_AT_ONCE = 1_000

/** What a grant is for. */
export interface Granted {
  /** Call id: what the grant is known by. */
  readonly call: string
  readonly instance: string
  readonly agent: string
  readonly spiffeId: string
  /** Delegation id; empty for an agent that acts unattended. */
  readonly delegation: string
  /** Task id; empty where there is none. */
  readonly task: string
  readonly system: string
  readonly action: string
  readonly definition: string
  readonly arguments: string
  readonly policySet: string
  /** Leaf hash of the intent. */
  readonly intent: string
}

const CLAIMS = [
  'call',
  'instance',
  'agent',
  'spiffeId',
  'delegation',
  'task',
  'system',
  'action',
  'definition',
  'arguments',
  'policySet',
  'intent',
] as const satisfies (keyof Granted)[]

/** What grants stand on. */
export interface GrantPorts {
  readonly keys: { readonly tokens: TokenKey }
  readonly store: Pick<Store, 'atomically' | 'spent'>
  readonly audit: AuditSink
  readonly clock: Clock
}

/** What an enforcer says became of a call. */
export type ToldOutcome = 'ok' | 'error' | 'not_executed' | 'unknown'

/** Issues and burns grants. */
export class Grants {
  readonly #ports: GrantPorts
  readonly #issuer: string
  /** Marks that are being written: two requests for one grant are decided here, before the database is asked. */
  readonly #writing = new Set<string>()

  constructor(ports: GrantPorts, issuer: string) {
    this.#ports = ports
    this.#issuer = issuer
  }

  /** A grant for one enforcer, bound to its key. */
  issue(
    granted: Granted,
    enforcer: Enforcer,
  ): { readonly text: string; readonly expiresAt: number } {
    const { clock, keys } = this.#ports
    const now = clock.now()
    const expiresAt = now + GRANT_MS
    const payload: JsonObject = {
      iss: this.#issuer,
      aud: enforcer.name,
      jti: granted.call,
      iat: Math.floor(now / 1000),
      exp: Math.ceil(expiresAt / 1000),
      cnf: { jkt: jwkThumbprint(keyOfRow(enforcer.key)) },
      granted: { ...granted },
    }
    const header = { alg: 'ES256', typ: TYPE, kid: keys.tokens.keyId }
    return { text: writeJws(header, payload, (signed) => keys.tokens.sign(signed)), expiresAt }
  }

  /** What a grant is for. Throws `grant.invalid` or `grant.other`; whether it was burnt is not looked at. */
  read(text: string, enforcer: Enforcer): Granted {
    const { ends, granted } = this.#verified(text, enforcer)
    if (ends <= this.#ports.clock.now()) throw enforcerFault('grant.invalid', 'the grant has ended')
    return granted
  }

  /**
   * Burns a grant: once, whoever else tries and whatever restarts. The mark is durable when it resolves. `still` is asked after the
   * mark is claimed and again when it is written: a lock that came meanwhile counts. Throws `grant.*`.
   */
  async burn(
    text: string,
    enforcer: Enforcer,
    still: (granted: Granted) => string | undefined,
  ): Promise<Granted> {
    const granted = this.read(text, enforcer)
    const check = (): void => {
      const over = still(granted)
      if (over !== undefined) throw enforcerFault('grant.void', over)
    }
    const mark = markOf('grant', granted)
    await this.#once(mark, async () => {
      check()
      const { audit, clock, store } = this.#ports
      const receipt = await audit.append({
        type: 'grant.burnt',
        phase: 'decision',
        ref: granted.intent,
        ...fields(granted),
        body: { enforcer: enforcer.name, arguments: granted.arguments },
      })
      await store.atomically(({ spent }) =>
        spent.insert({ id: mark, expiresAt: clock.now() + GRANT_MS + OUTCOME_MS }, receipt),
      )
    })
    // Whoever burnt it in vain has nothing: the mark stays.
    check()
    return granted
  }

  /**
   * Writes what an enforcer says became of its call, once; the record marks it as said. Of a grant that was not burnt only
   * `not_executed` can be true, and saying so uses it up. Throws `grant.*`.
   */
  async outcome(
    text: string,
    enforcer: Enforcer,
    told: { readonly status: ToldOutcome; readonly durationMs?: number },
  ): Promise<Granted> {
    const { ends, granted } = this.#verified(text, enforcer)
    const { clock, store } = this.#ports
    const keptUntil = ends + OUTCOME_MS
    if (keptUntil <= clock.now()) {
      throw enforcerFault('grant.invalid', 'the grant ended more than a day ago')
    }
    const burnt = markOf('grant', granted)
    if ((await store.spent.get(burnt)) === undefined) {
      if (told.status !== 'not_executed') {
        throw enforcerFault('grant.void', 'the grant was not burnt: nothing can have been executed')
      }
      await this.#once(burnt, () =>
        this.#tell(granted, enforcer, told, [burnt, markOf('outcome', granted)], keptUntil),
      )
    } else {
      const mark = markOf('outcome', granted)
      await this.#once(mark, () => this.#tell(granted, enforcer, told, [mark], keptUntil))
    }
    return granted
  }

  /** Writes the outcome, and then the marks. A crash in between leaves an outcome that can be told a second time. */
  async #tell(
    granted: Granted,
    enforcer: Enforcer,
    told: { readonly status: ToldOutcome; readonly durationMs?: number },
    marks: readonly string[],
    expiresAt: number,
  ): Promise<void> {
    const { audit, clock, store } = this.#ports
    const receipt = await audit.append({
      type: 'call.outcome',
      phase: 'outcome',
      ref: granted.intent,
      ...fields(granted),
      body: {
        status: told.status === 'error' ? 'upstream_error' : told.status,
        claimed_by: enforcer.name,
        told_at: rfc3339(clock.now()),
        ...(told.durationMs !== undefined && { duration_ms: told.durationMs }),
      },
    })
    await store.atomically(async ({ spent }) => {
      for (const id of marks) await spent.insert({ id, expiresAt }, receipt)
    })
  }

  /** Runs `work` for a mark that nobody has, and that nobody else is about to have. Throws `grant.used` or `grant.busy`. */
  async #once(mark: string, work: () => Promise<void>): Promise<void> {
    if (this.#writing.has(mark)) throw used()
    if (this.#writing.size >= MOST_AT_ONCE) {
      throw enforcerFault('grant.busy', 'too many grants are being burnt')
    }
    this.#writing.add(mark)
    try {
      // INVARIANT: read only after the claim.
      if ((await this.#ports.store.spent.get(mark)) !== undefined) throw used()
      await work()
    } catch (error) {
      if (error instanceof Fault && error.code === 'store.exists') throw used(error)
      throw error
    } finally {
      this.#writing.delete(mark)
    }
  }

  #verified(
    text: string,
    enforcer: Enforcer,
  ): { readonly ends: number; readonly granted: Granted } {
    const { publicKey } = this.#ports.keys.tokens
    try {
      const jws = readJws(text, { typ: [TYPE], algorithms: ['ES256'] })
      const key = createPublicKey({ key: Buffer.from(publicKey), type: 'spki', format: 'der' })
      verifyJws(jws, key)
      const { payload } = jws
      const granted = grantedOf(payload['granted'])
      const ends = numericDate(payload['exp'])
      if (granted === undefined || ends === undefined || payload['iss'] !== this.#issuer) {
        throw enforcerFault('grant.invalid', 'this is no grant')
      }
      const [audience, ...more] = audienceOf(payload) ?? []
      const bound = (payload['cnf'] as JsonObject | undefined)?.['jkt']
      if (
        audience !== enforcer.name ||
        more.length > 0 ||
        bound !== jwkThumbprint(keyOfRow(enforcer.key))
      ) {
        throw enforcerFault('grant.other', 'the grant was given to another enforcer')
      }
      return { ends, granted }
    } catch (cause) {
      if (cause instanceof Fault && cause.code.startsWith('grant.')) throw cause
      throw enforcerFault('grant.invalid', 'this is no grant of ours', cause)
    }
  }
}

function grantedOf(value: unknown): Granted | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = CLAIMS.map((name) => [name, (value as Record<string, unknown>)[name]] as const)
  if (entries.some(([, one]) => typeof one !== 'string')) return undefined
  return Object.fromEntries(entries) as unknown as Granted
}

function fields({ action, agent, call, instance, system }: Granted) {
  return { action, agent, call, instance, system }
}

/** What says in the table `spent` that a grant was used, or that its outcome was told. */
function markOf(kind: 'grant' | 'outcome', { call }: Granted): string {
  return `${kind}:${base64url(sha256(utf8(call)))}`
}

function used(cause?: unknown): Fault {
  return enforcerFault('grant.used', 'the grant was used already', cause)
}
