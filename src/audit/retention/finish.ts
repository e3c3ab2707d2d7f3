// Holds what a start does about drops that a crash interrupted: those that the record speaks of are finished before anybody reads.

import type { LogFolder } from '../log-folder.ts'
import type { LogIndex } from '../log-index.ts'
import { dropShard } from './drop.ts'
import { droppedSaid } from './on-record.ts'

/** Finishes what was begun. A mark that no record explains moves nothing: whoever put it there may delete files without us. */
export async function finishDrops(
  home: string,
  folder: LogFolder,
  index: Pick<LogIndex, 'shards' | 'tail'>,
): Promise<void> {
  const shards = index.shards().filter(({ name }) => folder.shard(name).dropping)
  if (shards.length === 0) return
  const words = droppedSaid(folder, index)
  for (const { name, base, size } of shards) {
    if (words.get(name)?.size === size) await dropShard({ home, shard: name, base, size })
  }
}
