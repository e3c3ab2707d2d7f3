// Holds the upstream tokens: what each person consented to at each system, sealed, for that person's calls alone.

import { utf8 } from '../../std/bytes.ts'
import { faults } from '../../std/fault.ts'
import { isObject, parseJson, REQUEST_LIMITS, stringifyJson } from '../../std/json.ts'
import type { UpstreamTokenRow } from '../../store/rows/upstream-token.ts'
import type { Held } from '../../store/signed-table.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { Turns } from '../turns.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Rows that are wrapped anew with one record. */
const BATCH = 100

/** Tokens as a system gave them. */
export interface UpstreamTokens {
  readonly access: string
  readonly refresh?: string
  /** When the access token ends, ms since the epoch. */
  readonly expiresAt?: number
  readonly scope?: string
}

/** The tokens of one person at one system, opened for one call. */
export interface OpenTokens extends UpstreamTokens {
  /** Counts consents. */
  readonly consent: number
  /** Counts writes. */
  readonly generation: number
}

/** What everybody may know of a consent. */
export type Connected = Omit<UpstreamTokenRow, 'sealed'>

/** The tokens. In memory they stay sealed; only `find` opens them. */
export class UpstreamTokenStore {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<UpstreamTokenRow>>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads every row that verifies. */
  static async load(ports: AuthorityPorts): Promise<UpstreamTokenStore> {
    const tokens = new UpstreamTokenStore(ports)
    for (const held of await ports.store.upstreamTokens.all()) tokens.#show(held)
    return tokens
  }

  /** Keeps what a person has just consented to, in that person's own session. `terms` is what it is for. */
  connect(
    of: { readonly system: string; readonly person: string; readonly terms: string },
    tokens: UpstreamTokens,
  ): Promise<Connected> {
    return this.#turns.run(async () => {
      const { system, person, terms } = of
      const before = this.#held.get(idOf(system, person))
      const generation = (before?.doc.generation ?? 0) + 1
      const doc: UpstreamTokenRow = {
        ...this.#row({ system, person, terms, generation }, tokens),
        consent: (before?.doc.consent ?? 0) + 1,
        connectedAt: this.#ports.clock.now(),
      }
      return this.#write(before, doc, 'credential.connected')
    })
  }

  /**
   * Keeps what a refresh gave. Answers false, and keeps nothing, where the person has disconnected or consented anew meanwhile: the
   * tokens are then to be given back.
   */
  refreshed(
    { system, person, consent }: { system: string; person: string; consent: number },
    tokens: UpstreamTokens,
  ): Promise<boolean> {
    return this.#turns.run(async () => {
      const before = this.#held.get(idOf(system, person))
      if (before?.doc.state !== 'connected' || before.doc.consent !== consent) return false
      const { terms, connectedAt, scope } = before.doc
      const generation = before.doc.generation + 1
      const row = this.#row(
        { system, person, terms, generation },
        { ...(scope && { scope }), ...tokens },
      )
      const doc = { ...row, consent, connectedAt, refreshedAt: this.#ports.clock.now() }
      await this.#write(before, doc, 'credential.refreshed')
      return true
    })
  }

  /** Takes a consent back (that one, where its number is named): its tokens are gone from here, and answered to be revoked there, too. */
  disconnect(
    of: { readonly system: string; readonly person: string; readonly consent?: number },
    by: { readonly person: string; readonly reason: string },
  ): Promise<OpenTokens> {
    return this.#turns.run(async () => {
      const held = this.#held.get(idOf(of.system, of.person))
      const other = of.consent !== undefined && of.consent !== held?.doc.consent
      if (held?.doc.state !== 'connected' || other) {
        throw fault('secret.not_connected', 'this person is not connected to the system')
      }
      const tokens = this.#opened(held.doc)
      const { expiresAt: _e, scope: _s, ...rest } = held.doc
      const ended = { at: this.#ports.clock.now(), by: by.person, reason: by.reason }
      const generation = held.doc.generation + 1
      const doc: UpstreamTokenRow = {
        ...rest,
        state: 'disconnected',
        sealed: '',
        refreshes: false,
        generation,
        ended,
      }
      // What takes away is taken from memory first.
      this.#show({ ...held, doc })
      await this.#write(held, doc, 'credential.disconnected', by)
      return tokens
    })
  }

  /**
   * Notes that the access token of a consent was taken back at its system for a lock: it is not used any more, and where there is a refresh
   * token, that gives another once the lock is lifted.
   */
  revoked(
    { system, person, consent }: { system: string; person: string; consent: number },
    lock: string,
  ): Promise<void> {
    return this.#turns.run(async () => {
      const held = this.#held.get(idOf(system, person))
      if (held?.doc.state !== 'connected' || held.doc.consent !== consent) return
      const { audit, clock, store } = this.#ports
      const receipt = await audit.append({
        type: 'credential.access_revoked',
        phase: 'lifecycle',
        person,
        system,
        body: { of: person, consent, generation: held.doc.generation, lock },
      })
      const doc = { ...held.doc, expiresAt: clock.now() }
      this.#show(await store.upstreamTokens.replace(held, doc, receipt))
    })
  }

  /** The tokens of a person at a system; undefined where they consented to nothing, or to other terms than these. */
  find(system: string, person: string, terms: string): OpenTokens | undefined {
    const held = this.#held.get(idOf(system, person))
    if (held?.doc.state !== 'connected' || held.doc.terms !== terms) return undefined
    return this.#opened(held.doc)
  }

  /** Consents that hold, by system and person; of one person where one is named. */
  list(of: { readonly person?: string; readonly system?: string } = {}): readonly Connected[] {
    return [...this.#held.values()]
      .map(({ doc: { sealed: _sealed, ...doc } }) => doc)
      .filter(
        ({ state, person, system }) =>
          state === 'connected' &&
          person === (of.person ?? person) &&
          system === (of.system ?? system),
      )
      .sort((a, b) => (idOf(a.system, a.person) < idOf(b.system, b.person) ? -1 : 1))
  }

  /** Wraps anew whatever is not under the key in force. */
  async rewrap(): Promise<number> {
    let count = 0
    for (;;) {
      const done = await this.#turns.run(() => this.#rewrapBatch())
      if (done === 0) return count
      count += done
    }
  }

  /** True while a row is wrapped under a key. */
  usesKey(keyId: string): Promise<boolean> {
    return this.#turns.run(async () => {
      const rows = await this.#ports.store.upstreamTokens.all()
      return rows.some(({ doc }) => this.#ports.keys.envelopes.keyOf(doc.sealed) === keyId)
    })
  }

  async #rewrapBatch(): Promise<number> {
    const { keys, store, audit } = this.#ports
    const old = [...this.#held.values()]
      .filter(({ doc }) => doc.sealed !== '' && !keys.envelopes.isCurrent(doc.sealed))
      .slice(0, BATCH)
    if (old.length === 0) return 0
    const anew = old.map((held) => {
      const sealed = keys.envelopes.rewrap(held.doc.sealed, contextOf(held.doc))
      return { held, doc: { ...held.doc, sealed } }
    })
    const body = { key: keys.envelopes.current, count: anew.length, table: 'upstream_tokens' }
    const receipt = await audit.append({ type: 'credential.rewrapped', phase: 'lifecycle', body })
    for (const { held, doc } of anew)
      this.#show(await store.upstreamTokens.replace(held, doc, receipt))
    return anew.length
  }

  #row(
    of: Pick<UpstreamTokenRow, 'system' | 'person' | 'terms' | 'generation'>,
    { access, refresh, expiresAt, scope }: UpstreamTokens,
  ): Omit<UpstreamTokenRow, 'consent' | 'connectedAt'> {
    const plain = utf8(stringifyJson({ access, ...(refresh !== undefined && { refresh }) }))
    const sealed = this.#ports.keys.envelopes.seal(plain, contextOf(of))
    plain.fill(0)
    return {
      ...of,
      state: 'connected',
      sealed,
      refreshes: refresh !== undefined,
      ...(expiresAt !== undefined && { expiresAt }),
      ...(scope !== undefined && { scope }),
    }
  }

  #opened(doc: UpstreamTokenRow): OpenTokens {
    const plain = this.#ports.keys.envelopes.open(doc.sealed, contextOf(doc))
    const tree = parseJson(plain, REQUEST_LIMITS)
    plain.fill(0)
    const { access, refresh } = isObject(tree) ? tree : {}
    if (typeof access !== 'string') throw fault('secret.not_connected', 'the tokens are of no use')
    return {
      access,
      ...(typeof refresh === 'string' && { refresh }),
      ...(doc.expiresAt !== undefined && { expiresAt: doc.expiresAt }),
      ...(doc.scope !== undefined && { scope: doc.scope }),
      consent: doc.consent,
      generation: doc.generation,
    }
  }

  async #write(
    before: Held<UpstreamTokenRow> | undefined,
    doc: UpstreamTokenRow,
    type: string,
    by?: { readonly person: string; readonly reason: string },
  ): Promise<Connected> {
    const { audit, store } = this.#ports
    const { system, person, generation, consent } = doc
    const receipt = await audit.append({
      type,
      phase: type === 'credential.refreshed' ? 'lifecycle' : 'admin',
      person: by?.person ?? person,
      system,
      body: {
        of: person,
        consent,
        generation,
        ...(by !== undefined && { reason: by.reason }),
      },
    })
    const held = await (before === undefined
      ? store.upstreamTokens.insert(doc, receipt)
      : store.upstreamTokens.replace(before, doc, receipt))
    this.#show(held)
    const { sealed: _sealed, ...known } = doc
    return known
  }

  #show(held: Held<UpstreamTokenRow>): void {
    this.#held.set(idOf(held.doc.system, held.doc.person), held)
  }
}

function idOf(system: string, person: string): string {
  return `${system}/${person}`
}

/** Tokens sealed for one person at one system open for no other, and an earlier generation does not open as this one. */
function contextOf({
  system,
  person,
  generation,
}: Pick<UpstreamTokenRow, 'system' | 'person' | 'generation'>): string {
  return `upstream-token/${system}/${person}/g${generation}`
}
