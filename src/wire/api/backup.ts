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
  /** Id of the record `home.backed_up`. */
  record: z.string(),
})

export type BackupNoted = z.infer<typeof BackupNoted>
