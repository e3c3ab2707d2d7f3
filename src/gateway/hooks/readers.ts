// Holds which client's hooks are read by what.

import type { HookClient } from '../../wire/client.ts'
import { readClaudeCode } from './clients/claude-code.ts'
import { readCodex } from './clients/codex.ts'
import { readCursor } from './clients/cursor.ts'
import { readGemini } from './clients/gemini.ts'
import { readVsCode } from './clients/vscode.ts'
import type { ReadHook } from './event.ts'

/** The reader of each client. */
export const READERS: Readonly<Record<HookClient, ReadHook>> = {
  'claude-code': readClaudeCode,
  codex: readCodex,
  cursor: readCursor,
  vscode: readVsCode,
  gemini: readGemini,
}
