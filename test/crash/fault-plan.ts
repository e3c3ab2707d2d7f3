// Holds which calls are broken and how: sites from a count, their first, last and middle occurrence, and an order that covers evenly.

/** What is done to a call. `power-off` kills before it, and drops what the thread wrote and did not sync. */
export const FAULTS = [
  'kill-before',
  'kill-after',
  'power-off',
  'torn',
  'short',
  'EIO',
  'ENOSPC',
  'EROFS',
] as const

/** One of them. */
export type InjectedFault = (typeof FAULTS)[number]

/** One call that was counted. */
export interface CountedCall {
  /** Thread, what it does and to what, numbers taken out: calls of one site are alike. */
  readonly site: string
  /** Which call of its site it is, from 1. */
  readonly nth: number
}

/** A call and what is done to it. */
export interface Injection extends CountedCall {
  readonly fault: InjectedFault
}

/** The name of a site: what differs from run to run is taken out. `path` is below the home. */
export function siteOf(thread: string, op: string, path: string): string {
  const place = path
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replace(/\d{4}h\d/, 'SHARD')
    .replace(/\d+/g, 'N')
  return `${thread} ${op} ${place === '' ? '.' : place}`
}

/** Half of a write and a short one are of calls that write. */
export function applies({ site }: CountedCall, fault: InjectedFault): boolean {
  return / (write|file\.write)/.test(site) || (fault !== 'torn' && fault !== 'short')
}

/** The calls as the trace has them, one site to a line. */
export function countedCalls(trace: string): CountedCall[] {
  const seen = new Map<string, number>()
  return trace
    .split('\n')
    .filter((line) => line !== '')
    .map((site) => {
      const nth = (seen.get(site) ?? 0) + 1
      seen.set(site, nth)
      return { site, nth }
    })
}

/**
 * What is to be done, in an order that may be cut anywhere: the first call of each site, then each last, each one in the middle, and
 * with `all` every other; of these, each site has one fault before any has a second.
 */
export function planned(
  calls: readonly CountedCall[],
  occurrences: 'first' | 'three' | 'all',
  faultsOf: (index: number) => readonly InjectedFault[],
): Injection[] {
  const bySite = Map.groupBy(calls, ({ site }) => site)
  const sites = [...bySite.values()].map((of) => order(of, occurrences))
  const rounds = Math.max(0, ...sites.map(({ length }) => length))
  const plan: Injection[] = []
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < FAULTS.length; turn++) {
      sites.forEach((of, index) => {
        const call = of[round]
        const fault = FAULTS[(index + turn) % FAULTS.length]
        if (call === undefined || fault === undefined) return
        if (faultsOf(index).includes(fault) && applies(call, fault)) plan.push({ ...call, fault })
      })
    }
  }
  return plan
}

function order(of: readonly CountedCall[], occurrences: 'first' | 'three' | 'all'): CountedCall[] {
  const telling = [of[0], of.at(-1), of[of.length >> 1]].filter((call) => call !== undefined)
  if (occurrences === 'first') return telling.slice(0, 1)
  return [...new Set(occurrences === 'all' ? [...telling, ...of] : telling)]
}
