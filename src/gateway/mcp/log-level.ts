// Holds the levels of log messages: which of them a client is told of.

import type { JsonObject } from '../../std/json.ts'

/** Levels of log messages, the least severe first (RFC 5424 §6.2.1, as MCP writes them). */
export const LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const

/** True for whatever is no log message, and for one that is at least as severe as the client asked for; without a level, all are. */
export function isTold(method: string, params: JsonObject, level: string | undefined): boolean {
  if (method !== 'notifications/message' || level === undefined) return true
  const levels: readonly unknown[] = LEVELS
  return levels.indexOf(params['level']) >= levels.indexOf(level)
}
