// Holds the routes by which copies of a home get on record. The copy is made by who can read the home, and by nobody over a network.

import { BackupNoted, NewBackup, NewShardExport, ShardNoted } from '../wire/api/backup.ts'
import type { ControlPorts } from './ports.ts'
import type { Surface } from './serve.ts'

/** Serves the noting of backups and exports. */
export function serveBackups(surface: Surface, { audit }: Pick<ControlPorts, 'audit'>): void {
  surface.closed(
    'POST /v1/backups',
    {
      summary: 'Put on record that this home was backed up',
      body: NewBackup,
      answer: BackupNoted,
    },
    async ({ body, person }) => {
      const { id } = await audit.append({
        type: 'backup.made',
        phase: 'admin',
        person: person.id,
        body: { ...body },
      })
      return { record: id }
    },
  )
  surface.closed(
    'POST /v1/audit/exports',
    {
      summary: 'Put on record that a shard of the log is about to be exported',
      body: NewShardExport,
      answer: ShardNoted,
    },
    async ({ body, person }) => {
      const { id } = await audit.append({
        type: 'log.exported',
        phase: 'admin',
        person: person.id,
        body: { ...body },
      })
      return { record: id }
    },
  )
}
