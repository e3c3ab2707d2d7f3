// Holds which earlier starts of a gateway ended without a word: silence that nobody has explained yet.

import type { LogFolder } from './log-folder.ts'
import type { BootMark, LogIndex } from './log-index.ts'
import { readRecords } from './log-reader.ts'

/** Starts that are looked back at, the newest of this gateway. */
const BOOTS_MAX = 100
/** Records of each kind that are looked through for them: other gateways have theirs among them. */
const WORDS_MAX = 1_000

/** Where records are found. */
export interface PastRecords {
  readonly index: Pick<LogIndex, 'boots' | 'shards' | 'tail'>
  readonly folder: LogFolder
}

/**
 * Starts of this gateway that are in the log and have neither a `gateway.stop` nor a `gateway.lost`, the oldest first: also those of
 * before the last one, whose loss a second crash kept from being recorded.
 */
export function lostBoots(gateway: string, { index, folder }: PastRecords): BootMark[] {
  const newest = index
    .boots()
    .filter((boot) => boot.gateway === gateway)
    .slice(-BOOTS_MAX)
  if (newest.length === 0) return []
  const explained = new Set<unknown>()
  for (const type of ['gateway.stop', 'gateway.lost'] as const) {
    const found = index.tail({ type }, Number.MAX_SAFE_INTEGER, WORDS_MAX)
    for (const { record } of readRecords(folder, index.shards(), found)) {
      if (record.gateway !== gateway) continue
      explained.add(type === 'gateway.stop' ? record.boot : record.body['boot'])
    }
  }
  return newest.filter(({ boot }) => !explained.has(boot))
}
