// Holds the fault injector as a preload: it counts the system calls of the commit path in every thread, and breaks one of them.

import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { isMainThread, workerData } from 'node:worker_threads'
import { wrapFiles, wrapPromises } from './inject-fs.ts'
import { Injector } from './injector.ts'

const { INJECT_HOME: home, INJECT_TRACE: trace, INJECT_AT: at, INJECT_FAULT: fault } = process.env

if (home !== undefined && trace !== undefined) {
  const injector = new Injector({ home, trace, at, fault, thread: threadName() })
  wrapFiles(injector)
  wrapPromises(injector)
  wrapStatements(home, (op) => injector.statement(op))
  syncBuiltinESMExports()
}

function threadName(): string {
  if (isMainThread) return 'main'
  const data = workerData as object | null
  if (data !== null && 'recover' in data) return 'sequencer'
  return data !== null && 'segmentBytes' in data ? 'spool' : 'other'
}

/** `exec` and `run` are where the embedded database is told to write: its own system calls are those of its library. */
function wrapStatements(folder: string, begin: (op: string) => () => void): void {
  const exec = Reflect.get(DatabaseSync.prototype, 'exec') as (
    this: DatabaseSync,
    sql: string,
  ) => void
  const run = Reflect.get(StatementSync.prototype, 'run') as (this: StatementSync) => unknown
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    if (this.location()?.startsWith(folder) !== true) return exec.call(this, sql)
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
