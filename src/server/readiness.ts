// Holds why no call can be governed now, in the words that every listener answers at `/readyz`.

import type { Core } from './core.ts'

/** Why nothing can be recorded, and so no call goes out (INV-1); undefined while that is well. */
export function notRecording({ audit }: Pick<Core, 'audit'>): string | undefined {
  return audit.stats().failure === undefined ? undefined : 'nothing can be recorded'
}
