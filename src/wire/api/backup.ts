// Holds what the control API is told of backups.

import { z } from 'zod'

/** A backup that was made. */
export const NewBackup = z.strictObject({
  /** SHA-256 of its manifest, hexadecimal. */
  manifest: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
})

/** Where its record is. */
export const BackupNoted = z.object({
  /** Id of the record `backup.made`. */
  record: z.string(),
})

/** A shard that is about to be exported. */
export const NewShardExport = z.strictObject({ shard: z.string().max(32) })

/** Where its record is. */
export const ShardNoted = z.object({
  /** Id of the record `log.exported`. */
  record: z.string(),
})

export type BackupNoted = z.infer<typeof BackupNoted>
