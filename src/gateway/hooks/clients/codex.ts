// Holds the reading of Codex's hooks, which have the form of Claude Code's.

import type { ReadHook } from '../event.ts'
import { readClaudeCode } from './claude-code.ts'

/** Reads a hook of Codex. */
export const readCodex: ReadHook = (body) => readClaudeCode(body)
