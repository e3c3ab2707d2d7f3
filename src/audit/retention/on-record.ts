// Holds the look at which shards the log itself says are gone.

import { join } from 'node:path'

import type { LogFolder } from '../log-folder.ts'
import { LogIndex } from '../log-index.ts'
import { readRecords } from '../log-reader.ts'
import { droppedIn, type ShardWord } from '../shard-word.ts'

/** Records about drops that are looked at: there is one in half a year. */
const WORDS_MAX = 100

/** The shards that records of this log say were dropped, by name. */
export function droppedSaid(
  folder: LogFolder,
  index: Pick<LogIndex, 'shards' | 'tail'>,
): ReadonlyMap<string, ShardWord> {
  const found = index.tail({ type: 'log.shard_dropped' }, Number.MAX_SAFE_INTEGER, WORDS_MAX)
  const words = new Map<string, ShardWord>()
  for (const { record } of readRecords(folder, index.shards(), found)) {
    for (const word of droppedIn(record.body)) words.set(word.name, word)
  }
  return words
}

/** The same of a home, whoever runs it. */
export function droppedOnRecord(home: string, folder: LogFolder): ReadonlyMap<string, ShardWord> {
  const index = new LogIndex(join(home, 'log-state.sqlite'))
  try {
    return droppedSaid(folder, index)
  } finally {
    index.close()
  }
}
