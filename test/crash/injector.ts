// Holds the injector of one thread: names and counts its calls, and breaks the one that it was told.

import fs from 'node:fs'
import { siteOf } from './fault-plan.ts'
import { Unsynced } from './unsynced.ts'

const { openSync, writeSync, closeSync, existsSync } = fs
/** SQLite's words for the errors (sqlite3.h: SQLITE_IOERR, SQLITE_FULL, SQLITE_READONLY). */
const SQLITE_CODES: Readonly<Record<string, number>> = { EIO: 10, ENOSPC: 13, EROFS: 8 }

/** What is broken, and where that is noted. */
export interface InjectorOptions {
  /** Calls below this folder count. */
  readonly home: string
  /** Gets a line for every call. */
  readonly trace: string
  /** Every thread counts for itself: which thread is first is chance, what each of them does is not. */
  readonly thread: string
  /** Site and number of the call, `SITE#N`; absent: calls are counted only. */
  readonly at: string | undefined
  readonly fault: string | undefined
}

/** One thread's. */
export class Injector {
  /** What a power-off would take away. */
  readonly unsynced = new Unsynced()
  readonly #options: InjectorOptions
  readonly #log: number
  readonly #counts = new Map<string, number>()

  constructor(options: InjectorOptions) {
    this.#options = options
    this.#log = openSync(options.trace, 'a', 0o600)
  }

  /** Whether a call on this is counted. */
  covers(path: unknown): path is string {
    return typeof path === 'string' && path.startsWith(this.#options.home)
  }

  /** Before a call that cannot be done by halves; the answer is called after it. */
  begin(op: string, path: unknown): () => void {
    return this.beginWrite(op, path, 0).end
  }

  /** Before a call that writes so many bytes: how many of them are to be written, and what is called then. */
  beginWrite(op: string, path: unknown, bytes: number): { part: number; end: () => void } {
    const given = this.covers(path) ? this.#next(op, path) : undefined
    if (given !== undefined && given in SQLITE_CODES) refuse(given, op)
    const half = given === 'torn' || given === 'short'
    const end = (): void => {
      if (given === 'kill-after' || given === 'torn') die()
    }
    return { part: half ? Math.ceil(bytes / 2) : bytes, end }
  }

  /** Runs a call that cannot be done by halves. */
  whole<T>(op: string, path: unknown, run: () => T): T {
    const end = this.begin(op, path)
    const result = run()
    end()
    return result
  }

  /** Writes through `part`, which writes a given number of bytes; a short write says how many it were. */
  written(
    op: string,
    path: unknown,
    bytes: number,
    at: number | undefined,
    part: (n: number) => number,
  ): number {
    const { part: n, end } = this.beginWrite(op, path, bytes)
    if (this.covers(path)) this.unsynced.willWrite(path, at, n)
    const done = part(n)
    end()
    return done
  }

  /** Where the embedded database is told to write: an error is one in its own words. */
  statement(op: string): () => void {
    const given = this.#next(op, `${this.#options.home}/sqlite`)
    const errcode = given === undefined ? undefined : SQLITE_CODES[given]
    if (errcode !== undefined) {
      const error = new Error(`${given}: injected, ${op}`)
      throw Object.assign(error, { code: 'ERR_SQLITE_ERROR', errcode })
    }
    return () => {
      if (given === 'kill-after') die()
    }
  }

  /** The fault of this call, if it is the one; one fault to a run, also where a thread is started again. */
  #next(op: string, path: string): string | undefined {
    const { home, thread, at, fault, trace } = this.#options
    const site = siteOf(thread, op, path.slice(home.length + 1))
    const count = (this.#counts.get(site) ?? 0) + 1
    this.#counts.set(site, count)
    writeSync(this.#log, `${site}\n`)
    const fired = `${trace}.fired`
    if (at !== `${site}#${count}` || existsSync(fired)) return undefined
    closeSync(openSync(fired, 'w', 0o600))
    if (fault === 'power-off') this.unsynced.drop()
    if (fault === 'power-off' || fault === 'kill-before') die()
    return fault
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function refuse(code: string, op: string): never {
  throw Object.assign(new Error(`${code}: injected, ${op}`), { code, syscall: op })
}
