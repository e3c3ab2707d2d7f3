// Holds which boots in PostgreSQL get no index any more, because something stands under their name that no gateway sealed.

import { fault } from '../faults.ts'

/** A record that no gateway of this log sealed. */
export interface Unsealed {
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
}

/** A boot that gets no index any more, from this record on. */
export interface Refusal extends Unsealed {
  /** Whether this process gives records their indices, and so is the one to record it. */
  readonly leading: boolean
}

/** Boots that are kept in mind: each costs whoever puts them there a statement, and everybody who reads past them a little. */
const BOOTS_MAX = 4096

/** Whatever follows in a boot after a record that is none is left where it is: its gateway says so, or it has none. */
export class RefusedBoots {
  readonly #boots = new Map<string, Unsealed>()
  #news: Unsealed[] = []

  /** The boots, place by place, as statements take them. */
  get columns(): [gateways: string[], boots: string[]] {
    const all = [...this.#boots.values()]
    return [all.map(({ gateway }) => gateway), all.map(({ boot }) => boot)]
  }

  /** Throws `audit.corrupt` where there are more than anybody looks at. */
  add({ gateway, boot, iseq }: Unsealed): void {
    const key = JSON.stringify([gateway, boot])
    if (this.#boots.has(key)) return
    if (this.#boots.size >= BOOTS_MAX) {
      const what = `records of more than ${BOOTS_MAX} boots that no gateway of this log sealed`
      throw fault('audit.corrupt', `the database holds ${what}`)
    }
    this.#boots.set(key, { gateway, boot, iseq })
    this.#news.push({ gateway, boot, iseq })
  }

  /** What was added since it was asked for last. */
  news(): Unsealed[] {
    return this.#news.splice(0)
  }
}
