// Holds our own entries: how one is written, and how one is known again.

import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../../std/json.ts'
import { isName } from '../../std/id.ts'

/** Our program, by its absolute path: what is on a client's PATH is the client's to say. */
export const PROGRAM = fileURLToPath(new URL('../../../bin/bailiwick', import.meta.url))

/** What an entry of ours says. */
export interface Bridge {
  readonly program: string
  readonly home: string
  readonly system: string
  readonly agent: string
}

/** Arguments of the bridge to a system. */
export function bridgeArguments({ home, system, agent }: Omit<Bridge, 'program'>): string[] {
  return ['--home', home, 'mcp', system, '--as', agent]
}

/** Reads an entry of ours; undefined for any other. Whose home it speaks of is for the caller to look at. */
export function readBridge({ command, args }: JsonObject): Bridge | undefined {
  if (typeof command !== 'string' || basename(command) !== 'bailiwick' || !Array.isArray(args)) {
    return undefined
  }
  const [flag, home, verb, system, as, agent, ...more] = args
  if (flag !== '--home' || verb !== 'mcp' || as !== '--as' || more.length > 0) return undefined
  if (typeof home !== 'string' || typeof system !== 'string' || typeof agent !== 'string') {
    return undefined
  }
  return isName(system) && isName(agent) ? { program: command, home, system, agent } : undefined
}
