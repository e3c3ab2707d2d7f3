// Holds the supervisor of a district: it starts the agent with the streams it was given, passes signals on, and ends all of it at once.

import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { Writable } from 'node:stream'
import type { SandboxLaunch } from '../../std/sandbox/bubblewrap.ts'
import type { Timer } from '../../std/timer.ts'
import { fault } from './faults.ts'

/** How long a command that was asked to end may take (ms). */
const GRACE_MS = 10_000

/** A program in its sandbox. */
export interface Supervised {
  /** Resolves with the exit code when every process of it is gone; rejects with `run.start` where it could not be started. */
  readonly ended: Promise<number>
  /** Ends every process of it now: the kernel does it, no cooperation is asked for. */
  kill(): void
  /** Asks the command to end; what is left of it after a while is killed. */
  terminate(signal: 'SIGTERM' | 'SIGHUP'): void
}

/** Starts a sandbox on our own standard streams. */
export function supervise(launch: SandboxLaunch, timer: Timer): Supervised {
  const { command, args, filter } = launch
  const child = spawn(command, [...args], {
    env: {},
    stdio: ['inherit', 'inherit', 'inherit', ...(filter === undefined ? [] : ['pipe' as const])],
  })
  const pipe: unknown = child.stdio[3]
  // A sandbox that ends before it has read its filter tells why on its own.
  if (pipe instanceof Writable) pipe.on('error', () => undefined).end(filter)
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(fault('run.start', 'bwrap cannot be started', error)))
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal])
    })
  })
  return {
    ended,
    // Its first process dies with bwrap, and all others with that one.
    kill: () => void child.kill('SIGKILL'),
    terminate: (signal) => {
      const inner = innermost(child)
      if (inner === undefined || !signalled(inner, signal)) child.kill('SIGKILL')
      const cancel = timer.after(GRACE_MS, () => child.kill('SIGKILL'))
      child.once('exit', cancel)
    },
  }
}

/** The relay: the only child of the first process of the sandbox, which is the only child of bwrap. Undefined while there is none. */
function innermost({ pid }: ChildProcess): number | undefined {
  const first = pid === undefined ? undefined : onlyChild(pid)
  return first === undefined ? undefined : onlyChild(first)
}

function onlyChild(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    return child === undefined || child === '' ? undefined : Number(child)
  } catch {
    // Gone already, or a kernel without this file: then there is nobody to ask.
    return undefined
  }
}

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
