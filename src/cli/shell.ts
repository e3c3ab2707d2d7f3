// Holds what a command touches of the process that it runs in, so that tests give it another.

import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import type { Timer } from '../std/timer.ts'

/** A stream that people may look at. */
export interface Screenable extends Writable {
  readonly isTTY?: boolean
  /** Characters in a line, where it is a terminal. */
  readonly columns?: number
}

/** Why a command is interrupted when nobody reads its answer any more (`| head`): no error of ours, and nobody to tell. */
export class ReaderLeft extends Error {}

/** The surroundings of a command. */
export interface Shell {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Data, and nothing else. */
  readonly stdout: Screenable
  /** Talk. */
  readonly stderr: Screenable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly clock: Clock
  readonly timer: Timer
  readonly entropy: Entropy
  /** Aborted when the person presses control-C, or the process is asked to end. */
  readonly interrupted: AbortSignal
}
