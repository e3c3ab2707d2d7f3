// Holds the roots of the trust domain: one signs, those before and after it are trusted, and all are moved on in time.

import { readFile } from 'node:fs/promises'
import type { Entropy } from '../../std/entropy.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Timer } from '../../std/timer.ts'
import type { RootKeys, Signer, TokenKey } from '../../keys/ring.ts'
import type { RootRow } from '../../store/rows/root.ts'
import { Turns } from '../turns.ts'
import { bundle, tokenKeyEntries } from './bundle.ts'
import { issuer } from './certificate.ts'
import { fault } from './faults.ts'
import { checkRoot, makeRoot, readRoot, type TrustedRoot } from './root.ts'
import { RootLedger, type LedgerPorts, type NewRoot, type RootCause } from './root-ledger.ts'
import { dueStep, PROPAGATION_MS, type RootStep } from './root-plan.ts'
import { RootSet } from './root-set.ts'

/** How often the clock is looked at for what is due. */
const LOOK_MS = 30_000
/** Roots that are trusted at once; each makes every handshake and every bundle longer. */
const MAX_TRUSTED = 5

/** What roots are opened with. */
export interface RootsPorts extends LedgerPorts {
  readonly keys: RootKeys
  readonly tokens: TokenKey
  readonly trustDomain: string
  readonly timer: Timer
  readonly entropy: Entropy
  /** `keys/ca.pem` of a home that was made when a root had no row: it becomes the first one. */
  readonly legacyPath?: string
  /** How long a root is published before it signs (ms); five minutes by default. */
  readonly propagationMs?: number
  /** Told what could not be done and is tried again, for the operator's own log. */
  readonly onTrouble: (error: unknown) => void
}

/** What rotating has come to. */
export interface Rotation {
  /** Fingerprint of the root that follows. */
  readonly fingerprint: string
  readonly state: 'prepared' | 'active'
  /** From when on it signs, ms since the epoch. */
  readonly signsFrom: number
}

/** Told when roots lose all trust at once: their fingerprints, and who said so. */
export type OnDistrusted = (fingerprints: ReadonlySet<string>, cause: RootCause) => void

/** The roots of one trust domain, in memory over their rows. */
export class Roots extends RootSet {
  readonly #ports: RootsPorts
  readonly #ledger: RootLedger
  readonly #turns = new Turns()
  readonly #distrusted = new Set<OnDistrusted>()
  /** A rekey that is in force and not written yet; the next look tries again. */
  #unwritten: (() => Promise<void>) | undefined
  #cancel: (() => void) | undefined

  private constructor(ports: RootsPorts) {
    super(ports)
    this.#ports = ports
    this.#ledger = new RootLedger(ports)
  }

  /**
   * Opens the roots over their rows, makes the first one in a new home, and does whatever came due while nobody looked: a
   * root that ended meanwhile is followed by a new one. Throws `identity.root_mismatch` for a root that is not ours.
   */
  static async open(ports: RootsPorts): Promise<Roots> {
    const roots = new Roots(ports)
    await roots.#ledger.load()
    if (roots.#ledger.rows.length === 0) await roots.#first()
    await roots.#show()
    await roots.#turns.run(async () => {
      await roots.#settle()
      // A crash came between a new token key and its record.
      const known = roots.#ledger.tokenKey
      if (known !== undefined && known !== ports.tokens.keyId) {
        await roots.#noteTokenKey({ reason: 'another token key was found at the start' })
      }
    })
    roots.#watch()
    return roots
  }

  /** The trust bundle, as `/spiffe/bundle` publishes it. */
  bundle(): JsonObject {
    return bundle({
      roots: this.trusted,
      tokenKeys: [this.#ports.tokens],
      sequence: this.sequence,
    })
  }

  /** The keys of JWT-SVIDs alone, as a JWK set (Workload API §6.2.2). */
  jwtKeys(): JsonObject {
    return { keys: tokenKeyEntries([this.#ports.tokens]) }
  }

  /** Id of the key that signs tokens. */
  get tokenKeyId(): string {
    return this.#ports.tokens.keyId
  }

  /** Sequence of the bundle. */
  get sequence(): number {
    // A rekey that is in force and not written yet has changed the keys already; writing it counts this one.
    return this.#ledger.sequence + (this.#unwritten === undefined ? 0 : 1)
  }

  /** Told, before anything is written, that roots are distrusted. The answer stops listening. */
  onDistrusted(listener: OnDistrusted): () => void {
    this.#distrusted.add(listener)
    return () => this.#distrusted.delete(listener)
  }

  /**
   * Begins to rotate, or goes on with it: another root is published now and signs once those who follow the bundle have had
   * time to see it; with `now` it signs at once, and who has not looked yet will not know it.
   */
  rotate(of: RootCause & { readonly now: boolean }): Promise<Rotation> {
    return this.#turns.run(async () => {
      await this.#unwritten?.()
      if (this.#prepared() === undefined) {
        if (this.trusted.length >= MAX_TRUSTED) {
          throw fault('identity.too_many_roots', `${MAX_TRUSTED} roots are trusted already`)
        }
        await this.#make('authority.root_prepared', 'prepared', of)
      }
      const prepared = this.#prepared()
      if (prepared === undefined) throw fault('identity.no_root', 'the new root cannot sign')
      const { fingerprint } = prepared
      const { clock, propagationMs = PROPAGATION_MS } = this.#ports
      if (!of.now) {
        return { fingerprint, state: 'prepared', signsFrom: prepared.since + propagationMs }
      }
      await this.#activate(prepared, of)
      return { fingerprint, state: 'active', signsFrom: clock.now() }
    })
  }

  /**
   * Distrusts every root there is and begins anew with another: their leaves are worth nothing and nobody is accepted with them
   * from the moment that its key is made, before anything is written. Throws what kept it from being recorded; it is in
   * force all the same, and tried again.
   */
  rekey(cause: RootCause): Promise<{ readonly fingerprint: string; readonly distrusted: number }> {
    return this.#turns.run(async () => {
      await this.#unwritten?.()
      const { keys, tokens } = this.#ports
      const signer = await keys.generate()
      const added = this.#made(signer, 'active')
      const old = this.trusted.map((root) => root.fingerprint)
      this.#fresh(added, signer)
      for (const listener of this.#distrusted) listener(new Set(old), cause)
      this.#unwritten = async () => {
        await this.#ledger.write({
          type: 'authority.rekeyed',
          cause,
          body: { distrusted: old },
          added,
          moved: Object.fromEntries(old.map((fingerprint) => [fingerprint, 'distrusted'])),
          bundle: true,
          tokenKey: tokens.keyId,
        })
        this.#unwritten = undefined
        await this.#show()
      }
      await this.#unwritten()
      await this.#destroyKeys()
      return { fingerprint: added.root.fingerprint, distrusted: old.length }
    })
  }

  /** Makes another key for tokens and destroys the one there was: every token and JWT-SVID that it signed is dead. */
  replaceTokenKey(cause: RootCause): Promise<{ readonly keyId: string }> {
    return this.#turns.run(async () => {
      await this.#unwritten?.()
      const { tokens } = this.#ports
      await tokens.replace()
      await this.#noteTokenKey(cause)
      return { keyId: tokens.keyId }
    })
  }

  /** Every root there ever was, in the order of their places. */
  list(): readonly RootRow[] {
    return this.#ledger.rows
  }

  /** Stops looking at the clock; resolves when what was under way is done. */
  async close(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    await this.#turns.run(() => Promise.resolve())
  }

  /** The first root: that of an older home, or a new one. */
  async #first(): Promise<void> {
    const { keys, legacyPath, trustDomain } = this.#ports
    const text = legacyPath === undefined ? undefined : await readIfThere(legacyPath)
    const cause = { reason: 'the first root of this trust domain' }
    if (text === undefined || keys.first === undefined) {
      const signer = keys.first ?? (await keys.generate())
      return this.#add('authority.root_issued', this.#made(signer, 'active'), cause)
    }
    const root = readRoot(text)
    checkRoot(root, trustDomain, keys.first)
    const added: NewRoot = { root, keyId: keys.first.keyId, state: 'active' }
    await this.#add('authority.root_adopted', added, cause)
  }

  #made(signer: Signer, state: RootRow['state']): NewRoot {
    const { clock, entropy, trustDomain } = this.#ports
    const root = makeRoot(issuer(trustDomain, signer, entropy), clock.now())
    return { root, keyId: signer.keyId, state }
  }

  async #add(
    type: string,
    added: NewRoot,
    cause: RootCause,
    moved?: Readonly<Record<string, RootRow['state']>>,
  ): Promise<void> {
    await this.#ledger.write({
      type,
      cause,
      body: {
        trustDomain: this.trustDomain,
        ...(moved === undefined ? {} : { moved: { ...moved } }),
      },
      added,
      ...(moved === undefined ? {} : { moved }),
      bundle: true,
      tokenKey: this.#ports.tokens.keyId,
    })
  }

  /** Shows what the rows say. */
  async #show(): Promise<void> {
    const { entropy, keys, trustDomain } = this.#ports
    const trusted: TrustedRoot[] = []
    for (const row of this.#ledger.rows) {
      if (row.state === 'ended' || row.state === 'distrusted') continue
      const root = readRoot(row.certificate)
      checkRoot(root, trustDomain)
      const signer = await keys.open(row.keyId)
      const { state, place, since } = row
      trusted.push({
        ...root,
        state,
        place,
        since,
        ...(signer === undefined ? {} : { issuer: issuer(trustDomain, signer, entropy) }),
      })
    }
    this.show(trusted)
  }

  /** Looks at the clock from now on. */
  #watch(): void {
    this.#cancel = this.#ports.timer.after(LOOK_MS, () => {
      void this.sweep()
        .catch((error: unknown) => this.#ports.onTrouble(error))
        .finally(() => {
          if (this.#cancel !== undefined) this.#watch()
        })
    })
  }

  /** Does what is due now; the clock calls it by itself. */
  sweep(): Promise<void> {
    return this.#turns.run(() => this.#settle())
  }

  /** Every step is due at most once per root, so this ends; the bound is for a clock that jumps while it runs. */
  async #settle(): Promise<void> {
    await this.#unwritten?.()
    for (let steps = 0; steps <= 4 * MAX_TRUSTED; steps++) {
      const due = dueStep(this.trusted, this.#ports.clock.now(), this.#ports.propagationMs)
      if (due === undefined) break
      await this.#step(due)
    }
    await this.#destroyKeys()
  }

  async #step(due: RootStep): Promise<void> {
    switch (due.step) {
      case 'recover': {
        const moved = this.#retire()
        return this.#make('authority.root_recovered', 'active', { reason: due.why }, moved)
      }
      case 'prepare':
        return this.#make('authority.root_prepared', 'prepared', {
          reason: 'most of the life of the active root is over',
        })
      case 'activate':
        return this.#activate(due.root, { reason: 'it has been published for long enough' })
      case 'end':
        return this.#move('authority.root_ended', due.root, 'ended', {
          reason: 'nothing that it signed holds any more',
        })
    }
  }

  #prepared(): TrustedRoot | undefined {
    return this.trusted.findLast((root) => root.state === 'prepared' && root.issuer !== undefined)
  }

  /** Shows a root that nobody has heard of as the only one that is trusted. */
  #fresh({ root }: NewRoot, signer: Signer): void {
    const since = this.#ports.clock.now()
    const place = Math.max(0, ...this.#ledger.rows.map((row) => row.place)) + 1
    const by = issuer(this.trustDomain, signer, this.#ports.entropy)
    this.show([{ ...root, state: 'active', place, since, issuer: by }])
  }

  /** Writes which token key is in the bundle, whose sequence grows with it. */
  async #noteTokenKey(cause: RootCause): Promise<void> {
    const { tokens } = this.#ports
    const previous = this.#ledger.tokenKey
    await this.#ledger.write({
      type: 'authority.token_key_replaced',
      cause,
      body: { tokenKey: tokens.keyId, ...(previous === undefined ? {} : { previous }) },
      bundle: true,
      tokenKey: tokens.keyId,
    })
    this.changed()
  }

  /** Active roots become retired ones. */
  #retire(): Record<string, RootRow['state']> {
    const active = this.trusted.filter((root) => root.state === 'active')
    return Object.fromEntries(active.map((root) => [root.fingerprint, 'retired'] as const))
  }

  async #make(
    type: string,
    state: RootRow['state'],
    cause: RootCause,
    moved?: Readonly<Record<string, RootRow['state']>>,
  ): Promise<void> {
    const { keys } = this.#ports
    const signer = await keys.generate()
    try {
      await this.#add(type, this.#made(signer, state), cause, moved)
    } catch (error) {
      await keys.destroy(signer.keyId)
      throw error
    }
    await this.#show()
  }

  async #activate(root: TrustedRoot, cause: RootCause): Promise<void> {
    const moved = { ...this.#retire(), [root.fingerprint]: 'active' as const }
    await this.#ledger.write({
      type: 'authority.root_activated',
      cause,
      body: { fingerprint: root.fingerprint, moved },
      moved,
      bundle: false,
      tokenKey: this.#ports.tokens.keyId,
    })
    await this.#show()
  }

  async #move(
    type: string,
    root: TrustedRoot,
    state: RootRow['state'],
    cause: RootCause,
  ): Promise<void> {
    await this.#ledger.write({
      type,
      cause,
      body: { fingerprint: root.fingerprint },
      moved: { [root.fingerprint]: state },
      bundle: true,
      tokenKey: this.#ports.tokens.keyId,
    })
    await this.#show()
  }

  /** Keys of roots that nothing trusts any more go, also those that a crash left. */
  async #destroyKeys(): Promise<void> {
    const over = this.#ledger.rows.filter(
      (row) => row.state === 'ended' || row.state === 'distrusted',
    )
    if (over.length === 0) return
    const { keys } = this.#ports
    const there = await keys.list()
    for (const { keyId } of over) if (there.includes(keyId)) await keys.destroy(keyId)
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
