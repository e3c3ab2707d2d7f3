// Holds what a start does about drops that a crash interrupted: those that the record speaks of are finished before anybody reads.

import type { LogFolder } from '../log-folder.ts'
import type { LogIndex } from '../log-index.ts'
import { readRecords } from '../log-reader.ts'
import { droppedIn, type ShardWord } from '../shard-word.ts'
import { dropShard } from './drop.ts'

/** Records about drops that are looked at: there is one in half a year. */
const WORDS_MAX = 100

/** Finishes what was begun. A mark that no record explains moves nothing: whoever put it there may delete files without us. */
export async function finishDrops(
  home: string,
  folder: LogFolder,
  index: Pick<LogIndex, 'shards' | 'tail'>,
): Promise<void> {
  const shards = index.shards().filter(({ name }) => folder.shard(name).dropping)
  if (shards.length === 0) return
  const found = index.tail({ type: 'log.shard_dropped' }, Number.MAX_SAFE_INTEGER, WORDS_MAX)
  const words = new Map<string, ShardWord>()
  for (const { record } of readRecords(folder, index.shards(), found)) {
    for (const word of droppedIn(record.body)) words.set(word.name, word)
  }
  for (const { name, base, size } of shards) {
    if (words.get(name)?.size === size) await dropShard({ home, shard: name, base, size })
  }
}
