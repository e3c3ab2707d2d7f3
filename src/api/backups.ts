// Holds the route by which a backup that was made gets on record. The copy is made by who can read the home, and by nobody over a network.

import { BackupNoted, NewBackup } from '../wire/api/backup.ts'
import type { ControlPorts } from './ports.ts'
import type { Surface } from './serve.ts'

/** Serves the noting of backups. */
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
        type: 'home.backed_up',
        phase: 'admin',
        person: person.id,
        body: { ...body },
      })
      return { record: id }
    },
  )
}
