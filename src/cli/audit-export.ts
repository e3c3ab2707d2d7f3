// Holds `audit export`: one shard of the log into a folder that any tool for tlog-tiles verifies.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { ShardNoted } from '../wire/api/backup.ts'
import type { Context } from './context.ts'
import { runningControl } from './backup.ts'
import { fields } from './terminal/table.ts'

async function run(context: Context, shard: string, folder: string): Promise<void> {
  const { home, screen, shell } = context
  const control = await runningControl(context)
  const { exportShard } = await import('../server/backup.ts')
  // On record before anything can be carried away.
  if (control !== undefined) await control.send('POST', '/v1/audit/exports', { shard }, ShardNoted)
  const done = await exportShard({ home, shard, to: resolve(shell.cwd, folder) })
  screen.answer(done, (surface) =>
    fields(
      [
        ['folder', { text: done.folder, style: 'green' }],
        ['shard', done.shard],
        ['size', done.size],
        ['root', done.root],
      ],
      surface,
    ),
  )
  if (control === undefined) screen.say('no server runs on this home: the export is not on record')
}

/** Adds the command below `audit`. */
export function registerExport(audit: Command, context: Context): void {
  audit
    .command('export <shard> <folder>')
    .description('copy one shard of the log, verified, into a folder that is not there yet')
    .action((shard: string, folder: string) => run(context, shard, folder))
}
