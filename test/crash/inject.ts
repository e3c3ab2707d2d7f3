// Holds the fault injector: a preload that counts the system calls of the commit path in every thread, and breaks one of them.

import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { isMainThread, workerData } from 'node:worker_threads'

/** What is done to a call. */
export const FAULTS = [
  'kill-before',
  'kill-after',
  'torn',
  'short',
  'EIO',
  'ENOSPC',
  'EROFS',
] as const

/** One of them. */
export type InjectedFault = (typeof FAULTS)[number]

type Call = (...args: never[]) => unknown

const { INJECT_HOME, INJECT_TRACE, INJECT_AT, INJECT_FAULT } = process.env
/** SQLite's words for the same (sqlite3.h: SQLITE_IOERR, SQLITE_FULL, SQLITE_READONLY). */
const SQLITE_CODES: Readonly<Record<string, number>> = { EIO: 10, ENOSPC: 13, EROFS: 8 }
const SYNCHRONOUS = [
  'fdatasyncSync',
  'fsyncSync',
  'ftruncateSync',
  'renameSync',
  'linkSync',
  'unlinkSync',
  'rmSync',
  'mkdirSync',
  'closeSync',
] as const

if (INJECT_HOME !== undefined && INJECT_TRACE !== undefined) install(INJECT_HOME, INJECT_TRACE)

/** Every thread counts for itself: which thread is first is chance, what each of them does is not. */
function threadName(): string {
  if (isMainThread) return 'main'
  const data = workerData as object | null
  if (data !== null && 'recover' in data) return 'sequencer'
  return data !== null && 'segmentBytes' in data ? 'spool' : 'other'
}

function install(home: string, trace: string): void {
  const { openSync, writeSync, writevSync, closeSync, existsSync } = fs
  const thread = threadName()
  const log = openSync(trace, 'a', 0o600)
  const fired = `${trace}.fired`
  const paths = new Map<number, string>()
  let count = 0

  const die = (): never => {
    process.kill(process.pid, 'SIGKILL')
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  /** The fault of this call, if it is the one; one fault to a run, also where a thread is started again. */
  const next = (op: string, path: string): string | undefined => {
    count += 1
    writeSync(log, `${thread}:${count} ${op} ${path.slice(home.length + 1)}\n`)
    if (INJECT_AT !== `${thread}:${count}` || existsSync(fired)) return undefined
    closeSync(openSync(fired, 'w', 0o600))
    if (INJECT_FAULT === 'kill-before') die()
    return INJECT_FAULT
  }
  const refuse = (code: string, op: string): never => {
    throw Object.assign(new Error(`${code}: injected, ${op}`), { code, syscall: op })
  }
  const after = (given: string | undefined): void => {
    if (given === 'kill-after') die()
  }
  const isErrno = (given: string | undefined): given is string =>
    given !== undefined && given in SQLITE_CODES
  /** Runs a call that cannot be done by halves. */
  const whole = <T>(op: string, path: unknown, run: () => T): T => {
    if (typeof path !== 'string' || !path.startsWith(home)) return run()
    const given = next(op, path)
    if (isErrno(given)) refuse(given, op)
    if (given === 'torn') die()
    const result = run()
    after(given)
    return result
  }
  /** Writes through `part`, which writes a given number of bytes; a short write says how many it were. */
  const written = (
    op: string,
    path: unknown,
    bytes: number,
    part: (n: number) => number,
  ): number => {
    if (typeof path !== 'string' || !path.startsWith(home)) return part(bytes)
    const given = next(op, path)
    if (isErrno(given)) refuse(given, op)
    const done = part(given === 'torn' || given === 'short' ? Math.ceil(bytes / 2) : bytes)
    if (given === 'torn') die()
    after(given)
    return done
  }

  for (const op of SYNCHRONOUS) {
    const original = fs[op] as Call as (...args: unknown[]) => unknown
    Object.assign(fs, {
      [op]: (first: unknown, ...rest: unknown[]) => {
        const path = typeof first === 'number' ? paths.get(first) : first
        return whole(op, path, () => original(first, ...rest))
      },
    })
  }
  Object.assign(fs, {
    openSync: (path: string, ...rest: [string, number]) => {
      const writes = rest[0] !== undefined && rest[0] !== 'r'
      const run = (): number => openSync(path, ...rest)
      const fd = writes ? whole('openSync', path, run) : run()
      paths.set(fd, path)
      return fd
    },
    writeSync: (fd: number, bytes: Uint8Array, from?: number, length?: number, at?: number) => {
      const start = from ?? 0
      if (typeof bytes === 'string') return writeSync(fd, bytes)
      return written('writeSync', paths.get(fd), length ?? bytes.byteLength - start, (n) =>
        writeSync(fd, bytes, start, n, at),
      )
    },
    writevSync: (fd: number, parts: Uint8Array[], at: number) => {
      const all = Buffer.concat(parts)
      return written('writevSync', paths.get(fd), all.length, (n) =>
        n === all.length ? writevSync(fd, parts, at) : writeSync(fd, all, 0, n, at),
      )
    },
  })
  for (const op of ['rename', 'rm'] as const) {
    const original = promises[op] as Call as (...args: unknown[]) => Promise<unknown>
    const wrapped = async (path: string, ...rest: unknown[]): Promise<unknown> => {
      const given = path.startsWith(home) ? next(`promises.${op}`, path) : undefined
      if (isErrno(given)) refuse(given, op)
      if (given === 'torn') die()
      const result = await original(path, ...rest)
      after(given)
      return result
    }
    Object.assign(promises, { [op]: wrapped })
  }
  const { open } = promises
  Object.assign(promises, {
    open: async (path: string, ...rest: [string, number]) => {
      const file = await open(path, ...rest)
      if (!path.startsWith(home)) return file
      const given = next('promises.open', path)
      if (isErrno(given)) refuse(given, 'open')
      after(given)
      const write = file.write.bind(file) as (
        bytes: Uint8Array,
        from: number,
        length: number,
      ) => Promise<unknown>
      const sync = file.sync.bind(file)
      return Object.assign(file, {
        write: async (bytes: Uint8Array, from: number, length: number) => {
          const fault = next('file.write', path)
          if (isErrno(fault)) refuse(fault, 'write')
          const half = fault === 'torn' || fault === 'short'
          const result = await write(bytes, from, half ? Math.ceil(length / 2) : length)
          if (fault === 'torn') die()
          after(fault)
          return result
        },
        sync: async () => {
          const fault = next('file.sync', path)
          if (isErrno(fault)) refuse(fault, 'fsync')
          await sync()
          after(fault)
        },
      })
    },
  })
  wrapStatements(home, (op) => {
    const given = next(op, `${home}/sqlite`)
    if (isErrno(given)) {
      const errcode = SQLITE_CODES[given]
      throw Object.assign(new Error(`${given}: injected, ${op}`), {
        code: 'ERR_SQLITE_ERROR',
        errcode,
      })
    }
    return () => after(given)
  })
  syncBuiltinESMExports()
}

/** `exec` and `run` are where the embedded database is told to write: its own system calls are those of its library. */
function wrapStatements(home: string, begin: (op: string) => () => void): void {
  const exec = Reflect.get(DatabaseSync.prototype, 'exec') as (
    this: DatabaseSync,
    sql: string,
  ) => void
  const run = Reflect.get(StatementSync.prototype, 'run') as (this: StatementSync) => unknown
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    if (this.location()?.startsWith(home) !== true) return exec.call(this, sql)
    const end = begin(`exec(${/\w+/.exec(sql)?.[0] ?? ''})`)
    exec.call(this, sql)
    end()
  }
  const counted = function (this: StatementSync, ...values: unknown[]): unknown {
    const end = begin(`run(${this.sourceSQL.split(' ').slice(0, 3).join(' ')})`)
    const result: unknown = Reflect.apply(run, this, values)
    end()
    return result
  }
  Object.assign(StatementSync.prototype, { run: counted })
}
