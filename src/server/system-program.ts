// Holds the check of a program that is to speak for a system: it is there, and is told nothing that changes what it loads.

import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { StdioTransport } from '../wire/system.ts'
import { serverFault } from './faults.ts'

/** Variables that change what a program loads or whom it trusts: a system gets none of them. */
const REFUSED_VARIABLES =
  /^(?:LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|PYTHONPATH|PATH|HOME|TMPDIR|BAILIWICK_.*)$/

/** The transport with its program's whole path: what is pinned does not depend on who starts it later. */
export function checkedTransport(
  transport: StdioTransport,
  environment: Readonly<Record<string, string | undefined>>,
): StdioTransport {
  const refused = transport.env.find((name) => REFUSED_VARIABLES.test(name))
  if (refused !== undefined) throw serverFault('system.environment', `\`${refused}\` is refused`)
  const { command } = transport
  const candidates = command.includes('/')
    ? [isAbsolute(command) ? command : resolve(transport.cwd ?? '.', command)]
    : (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, command))
  const path = candidates.find(isProgram)
  if (path === undefined) {
    throw serverFault('system.command', `there is no program \`${command.slice(0, 200)}\``)
  }
  return { ...transport, command: path }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
