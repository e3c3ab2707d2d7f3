// Holds how rows and log agree about what retention has removed: rows that do not know of it are older than it.

import { join } from 'node:path'
import { LogFolder } from '../../audit/log-folder.ts'
import type { Store } from '../../store/open.ts'
import type { Receipt } from '../../wire/record.ts'

/** Writes, before a shard goes, that these rows are of after. Written twice, it stands once. */
export async function dropRow(
  { drops }: Pick<Store, 'drops'>,
  shard: string,
  at: number,
  receipt: Receipt,
): Promise<void> {
  const id = idOf(shard)
  if ((await drops.get(id)) === undefined) await drops.insert({ shard: id, at }, receipt)
}

/** Shards that are gone from a home's log and of which these rows know nothing. */
export async function unknownDrops(
  { drops }: Pick<Store, 'drops'>,
  home: string,
): Promise<string[]> {
  const known = new Set((await drops.all({})).map(({ doc }) => doc.shard))
  const folder = new LogFolder(join(home, 'log'))
  const gone = folder.names().filter((name) => folder.shard(name).dropped)
  return gone.filter((name) => !known.has(idOf(name)))
}

/** The shard of before there were any has no name. */
function idOf(shard: string): string {
  return shard === '' ? 'first' : shard
}
