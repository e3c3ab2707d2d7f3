// Holds what the command line needs of backups.

export { backupHome } from './backup/backup.ts'
export { restoreHome } from './backup/restore.ts'
export { backupStopped } from './backup/stopped.ts'
export { exportShard } from './backup/shard-export.ts'
