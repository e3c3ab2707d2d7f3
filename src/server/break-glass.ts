// Holds the breaking of the glass for a home: by whoever can write its files, and by nobody over a network.

import { existsSync, mkdirSync, statSync } from 'node:fs'
import { giveTo, readBreakGlass, removeBreakGlass, writeBreakGlass } from '../audit/break-glass.ts'
import { whyNot } from '../audit/break-glass-watch.ts'
import { rfc3339 } from '../std/clock.ts'
import { uuidv7 } from '../std/id.ts'
import { serverFault } from './faults.ts'
import type { Machine } from './ground.ts'

/**
 * Writes what the process on this home takes up within a second, or at its start, and gives until when. Without `wanted` the one that
 * there is ends. Throws `audit.break_glass`, `server.break_glass`.
 */
export function breakGlass(of: {
  readonly home: string
  /** Name of the account. */
  readonly by: string
  readonly machine: Pick<Machine, 'clock' | 'entropy'>
  readonly wanted: { readonly to: string; readonly reason: string; readonly ms: number } | undefined
}): string {
  const { home, by, machine, wanted } = of
  const at = machine.clock.now()
  if (wanted === undefined && !isReadable(home)) {
    // What nobody understands is taken back; where records go is not in it.
    removeBreakGlass(home)
    return rfc3339(at)
  }
  const there = readBreakGlass(home)
  if (wanted === undefined) {
    if (there === undefined) throw serverFault('server.break_glass', 'there is none to end')
    const { folder: _folder, ...rest } = there
    writeBreakGlass(home, { ...rest, until: Math.max(there.at, at) })
    return rfc3339(at)
  }
  if (there !== undefined)
    throw serverFault('server.break_glass', 'there is one already: end it first')
  const { to, reason, ms } = wanted
  if (!existsSync(to)) {
    mkdirSync(to, { mode: 0o700 })
    giveTo(to, home)
  }
  const problem = whyNot(wanted) ?? notForThis(home, to)
  if (problem !== undefined) throw serverFault('server.break_glass', problem)
  const id = uuidv7(machine.clock, machine.entropy)
  writeBreakGlass(home, { id, to, reason, at, until: at + ms, by })
  return rfc3339(at + ms)
}

function isReadable(home: string): boolean {
  try {
    readBreakGlass(home)
    return true
  } catch {
    return false
  }
}

/** What only shows from outside: the same disk is no other one, and who runs on the home has to be able to write there. */
function notForThis(home: string, to: string): string | undefined {
  const [own, other] = [statSync(home), statSync(to)]
  if (own.dev === other.dev) return 'the folder is on the disk of the home: name one on another'
  if (own.uid === other.uid || own.uid === 0) return undefined
  return 'the folder is not that of the account whose home it is'
}
