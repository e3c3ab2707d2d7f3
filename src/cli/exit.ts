// Holds the exit codes: what a script that calls us can tell without reading a word.

import { publicFault } from '../std/fault.ts'

/** Every exit code; a contract. */
export const EXIT = {
  done: 0,
  error: 1,
  usage: 2,
  denied: 3,
  authentication: 4,
  pending: 5,
  interrupted: 130,
} as const

/** A command that another program has answered for: its exit code is ours, and there is nothing to tell. */
export class EndedWith extends Error {
  readonly code: number

  constructor(code: number) {
    super(`ended with ${code}`)
    this.code = code
  }
}

const BY_CODE: Readonly<Record<string, number>> = {
  'cli.usage': EXIT.usage,
  'cli.confirmation': EXIT.usage,
  'cli.interrupted': EXIT.interrupted,
  // Clients of hooks know one number that blocks.
  'hook.denied': EXIT.usage,
  'approval.pending': EXIT.pending,
  'approval.expired': EXIT.pending,
  'governance.proposed': EXIT.pending,
  // A server that is not the one that was pinned is trouble on the way, and no policy of anybody.
  'holder.wrong_authority': EXIT.error,
  'http.origin': EXIT.error,
}

/** The exit code that fits what was thrown. */
export function exitCode(error: unknown): number {
  const { code, status } = publicFault(error)
  const exact = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
  if (exact !== undefined) return exact
  if (status === 401) return EXIT.authentication
  if (status === 403) return EXIT.denied
  return EXIT.error
}
