// Holds the removal of dropped shards from PostgreSQL, by the role that owns its tables: the server's own cannot.

import { fromBase64 } from '../../tlog/base64.ts'
import { fault } from '../faults.ts'
import type { ShardWord } from '../shard-word.ts'
import { LogConnection, numberOf, textOf } from './connection.ts'

/** Names of the shards whose records the database does not hold any more. */
export async function droppedFromDatabase(url: string): Promise<ReadonlySet<string>> {
  const connection = await LogConnection.open(url, 'retention')
  try {
    const rows = await connection.rows('dropped', 'SELECT shard FROM audit.dropped')
    return new Set(rows.map((row) => textOf(row, 'shard')))
  } finally {
    await connection.close()
  }
}

/**
 * Removes the records of a shard that the log says is dropped, a few thousand at a time, and gives how many there still were. Interrupted,
 * it is called again. Checkpoints stay. Throws `audit.unavailable`, also where the database holds the shard with another size or root.
 */
export async function dropFromDatabase(
  ownerUrl: string,
  { name, size, root }: ShardWord,
): Promise<number> {
  const bytes = fromBase64(root)
  if (bytes === undefined) throw fault('audit.corrupt', `the record about ${name} names no root`)
  const connection = await LogConnection.open(ownerUrl, 'retention')
  try {
    for (let records = 0; ;) {
      const text = 'SELECT audit.drop_some($1, $2, $3) AS gone'
      const [row] = await connection.rows('drop', text, [name, size, Buffer.from(bytes)])
      const gone = numberOf(row, 'gone')
      if (gone === 0) return records
      records += gone
    }
  } finally {
    await connection.close()
  }
}
