// Holds refresh families: one for each consent, with the one refresh token that is good now (RFC 9700 §4.14.2).

import { timingSafeEqual } from 'node:crypto'
import { base64url, sha256, utf8 } from '../../std/bytes.ts'
import type { JsonObject } from '../../std/json.ts'
import type { RefreshRow } from '../../store/rows/refresh.ts'
import type { Held } from '../../store/signed-table.ts'
import { Turns } from '../turns.ts'
import type { ConsentPorts } from './ports.ts'
import { openHandle, sealHandle } from './sealed-handle.ts'

/** Why a family ended. */
export interface FamilyEnd {
  /** Person id; empty where Bailiwick itself ended it. */
  readonly by: string
  readonly reason: string
  readonly reused?: boolean
}

/** What a refresh token turned out to be. */
export type FamilyFound =
  { readonly found: 'current' | 'used'; readonly row: RefreshRow } | { readonly found: 'nothing' }

/** The families that live. Looking up is synchronous, from memory; what ends is gone from memory first (INV-5). */
export class Families {
  readonly #ports: ConsentPorts
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<RefreshRow>>()
  /** Gone from memory and not written yet. After a crash they are back, and so is what they hung on: nobody was told. */
  readonly #unwritten = new Map<
    string,
    { readonly held: Held<RefreshRow>; readonly end: FamilyEnd }
  >()

  private constructor(ports: ConsentPorts) {
    this.#ports = ports
  }

  /** Reads every family that verifies and is live. */
  static async load(ports: ConsentPorts): Promise<Families> {
    const families = new Families(ports)
    for (const held of await ports.store.refreshFamilies.all({ state: 'live' })) {
      families.#held.set(held.doc.id, held)
    }
    return families
  }

  /** Families that live now, oldest first. */
  list(): readonly RefreshRow[] {
    return [...this.#held.keys()].sort().flatMap((id) => this.get(id) ?? [])
  }

  get(id: string): RefreshRow | undefined {
    const row = this.#held.get(id)?.doc
    return row !== undefined && row.expiresAt > this.#ports.clock.now() ? row : undefined
  }

  /** Begins a family. The answer has its first refresh token, where the client can use one. */
  async begin(
    of: Omit<RefreshRow, 'current' | 'place' | 'state' | 'createdAt'>,
    { refreshes, record }: { readonly refreshes: boolean; readonly record: Who },
  ): Promise<{ readonly row: RefreshRow; readonly text?: string }> {
    const { clock, sealer, store } = this.#ports
    const place = refreshes ? 1 : 0
    const text = refreshes
      ? sealHandle(sealer, 'refresh-token', { family: of.id, place })
      : undefined
    const row: RefreshRow = {
      ...of,
      current: text === undefined ? '' : digestOf(text),
      place,
      state: 'live',
      createdAt: clock.now(),
    }
    const receipt = await this.#append('consent.begun', row, record, {
      binding: row.binding?.kind ?? 'none',
      expiresAt: row.expiresAt,
    })
    this.#held.set(row.id, await store.refreshFamilies.insert(row, receipt))
    return { row, ...(text !== undefined && { text }) }
  }

  /** What a refresh token is: the one that is good now, one that was used before, or nothing of ours. */
  find(text: string): FamilyFound {
    const handle = openHandle(this.#ports.sealer, 'refresh-token', text)
    const row = handle === undefined ? undefined : this.get(handle.family)
    if (handle === undefined || row === undefined) return { found: 'nothing' }
    return { found: isCurrent(row, text) ? 'current' : 'used', row }
  }

  /**
   * Uses up the refresh token and answers the next one. Of two who come with the same one, the second finds it used: `used` is
   * answered, and the caller ends the family. The row is durable before the new token leaves: a crash in between costs the
   * client its consent, and never leaves two tokens that are good.
   */
  rotate(
    text: string,
    record: Who,
  ): Promise<
    FamilyFound | { readonly row: RefreshRow; readonly text: string; readonly found: 'rotated' }
  > {
    return this.#turns.run(async () => {
      const now = this.find(text)
      if (now.found !== 'current') return now
      const held = this.#held.get(now.row.id)
      if (held === undefined) return { found: 'nothing' as const }
      const place = held.doc.place + 1
      const next = sealHandle(this.#ports.sealer, 'refresh-token', { family: held.doc.id, place })
      const row: RefreshRow = { ...held.doc, place, current: digestOf(next) }
      const receipt = await this.#append('consent.refreshed', row, record, { place })
      const after = await this.#ports.store.refreshFamilies.replace(held, row, receipt)
      // It may have ended while we wrote: then its end is written over this row, and nothing is shown again.
      const ending = this.#unwritten.get(row.id)
      if (ending !== undefined) this.#unwritten.set(row.id, { ...ending, held: after })
      if (!this.#held.has(row.id)) return { found: 'nothing' as const }
      this.#held.set(row.id, after)
      return { found: 'rotated' as const, row, text: next }
    })
  }

  /** Takes a family away: gone from memory at once, written when `written` resolves. Answers it where it was live. */
  take(id: string, end: FamilyEnd): RefreshRow | undefined {
    const held = this.#held.get(id)
    if (held === undefined) return undefined
    this.#held.delete(id)
    this.#unwritten.set(id, { held, end })
    return held.doc
  }

  /** Writes every end that is not written yet. */
  written(): Promise<void> {
    return this.#turns.run(async () => {
      for (const [id, { held, end }] of this.#unwritten) {
        const state = end.reused === true ? 'reused' : 'revoked'
        const row: RefreshRow = { ...held.doc, state }
        const record = { ...(end.by !== '' && { person: end.by }), instance: row.instance }
        const receipt = await this.#append('consent.ended', row, record, {
          state,
          reason: end.reason,
        })
        await this.#ports.store.refreshFamilies.replace(held, row, receipt)
        this.#unwritten.delete(id)
      }
    })
  }

  /** Ids of families whose time is over. */
  due(now: number): readonly string[] {
    return [...this.#held.values()].flatMap(({ doc }) => (doc.expiresAt <= now ? [doc.id] : []))
  }

  #append(type: string, row: RefreshRow, { person, agent, instance }: Who, more: JsonObject) {
    return this.#ports.audit.append({
      type,
      phase: type === 'consent.ended' && person !== undefined ? 'admin' : 'lifecycle',
      ...(person !== undefined && { person }),
      ...(agent !== undefined && { agent }),
      ...(instance !== undefined && { instance }),
      body: {
        consent: row.id,
        client: row.client,
        ...(row.delegation !== undefined && { delegation: row.delegation }),
        ...more,
      },
    })
  }
}

/** Whom a record is about. */
export interface Who {
  readonly person?: string
  readonly agent?: string
  readonly instance?: string
}

function digestOf(text: string): string {
  return base64url(sha256(text))
}

function isCurrent(row: RefreshRow, text: string): boolean {
  const [ours, theirs] = [utf8(row.current), utf8(digestOf(text))]
  return ours.length === theirs.length && timingSafeEqual(ours, theirs)
}
