// Holds the operator's own log: lines of JSON for whoever runs this process. It is no record and proves nothing.

import { chmodSync, closeSync, openSync } from 'node:fs'
import { destination, pino, type Logger } from 'pino'

/** A log that can be ended. */
export interface OperatorLog {
  readonly logger: Logger
  close(): void
}

/** Opens a log on a file (0600), or on standard error. */
export function operatorLog(path: string | undefined): OperatorLog {
  if (path === undefined) {
    const stream = destination({ dest: 2, sync: true })
    return { logger: pino({ base: null }, stream), close: () => stream.flushSync() }
  }
  // Made private before the first line is written; an earlier file may have been made by hand.
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const stream = destination({ dest: path, sync: true, append: true })
  return { logger: pino({ base: null }, stream), close: () => stream.end() }
}
