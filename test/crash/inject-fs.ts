// Holds the file calls that the injector stands before: those that wait, and those that do not.

import fs from 'node:fs'
import promises from 'node:fs/promises'
import type { Injector } from './injector.ts'

type Call = (...args: never[]) => unknown

const SYNCHRONOUS = [
  'ftruncateSync',
  'linkSync',
  'unlinkSync',
  'rmSync',
  'mkdirSync',
  'closeSync',
] as const

/** Stands before the calls of `node:fs`. */
export function wrapFiles(injector: Injector): void {
  const { openSync, writeSync, writevSync, renameSync } = fs
  const paths = new Map<number, string>()
  for (const op of SYNCHRONOUS) {
    const original = fs[op] as Call as (...args: unknown[]) => unknown
    Object.assign(fs, {
      [op]: (first: unknown, ...rest: unknown[]) => {
        const path = typeof first === 'number' ? paths.get(first) : first
        return injector.whole(op, path, () => original(first, ...rest))
      },
    })
  }
  for (const op of ['fsyncSync', 'fdatasyncSync'] as const) {
    const original = fs[op]
    Object.assign(fs, {
      [op]: (fd: number) =>
        injector.whole(op, paths.get(fd), () => {
          original(fd)
          injector.unsynced.synced(paths.get(fd))
        }),
    })
  }
  Object.assign(fs, {
    renameSync: (from: string, to: string) =>
      injector.whole('renameSync', from, () => {
        renameSync(from, to)
        injector.unsynced.renamed(from, to)
      }),
    openSync: (path: string, ...rest: [string, number]) => {
      const writes = rest[0] !== undefined && rest[0] !== 'r'
      const run = (): number => openSync(path, ...rest)
      const fd = writes ? injector.whole('openSync', path, run) : run()
      paths.set(fd, path)
      return fd
    },
    writeSync: (fd: number, bytes: Uint8Array, from?: number, length?: number, at?: number) => {
      const start = from ?? 0
      if (typeof bytes === 'string') return writeSync(fd, bytes)
      const path = paths.get(fd)
      return injector.written('writeSync', path, length ?? bytes.byteLength - start, at, (n) =>
        writeSync(fd, bytes, start, n, at),
      )
    },
    writevSync: (fd: number, parts: Uint8Array[], at: number) => {
      const all = Buffer.concat(parts)
      return injector.written('writevSync', paths.get(fd), all.length, at, (n) =>
        n === all.length ? writevSync(fd, parts, at) : writeSync(fd, all, 0, n, at),
      )
    },
  })
}

/** Stands before the calls of `node:fs/promises`. */
export function wrapPromises(injector: Injector): void {
  for (const op of ['rename', 'rm'] as const) {
    const original = promises[op] as Call as (...args: unknown[]) => Promise<unknown>
    const wrapped = async (path: string, ...rest: unknown[]): Promise<unknown> => {
      const end = injector.begin(`promises.${op}`, path)
      const result = await original(path, ...rest)
      end()
      return result
    }
    Object.assign(promises, { [op]: wrapped })
  }
  const { open } = promises
  Object.assign(promises, {
    open: async (path: string, ...rest: [string, number]) => {
      const end = injector.begin('promises.open', path)
      const file = await open(path, ...rest)
      end()
      return injector.covers(path) ? wrapFile(injector, path, file) : file
    },
  })
}

function wrapFile(
  injector: Injector,
  path: string,
  file: promises.FileHandle,
): promises.FileHandle {
  const write = file.write.bind(file) as (
    bytes: Uint8Array,
    from: number,
    length: number,
  ) => Promise<unknown>
  const sync = file.sync.bind(file)
  return Object.assign(file, {
    write: async (bytes: Uint8Array, from: number, length: number) => {
      const { part, end } = injector.beginWrite('file.write', path, length)
      const result = await write(bytes, from, part)
      end()
      return result
    },
    sync: async () => {
      const end = injector.begin('file.sync', path)
      await sync()
      end()
    },
  })
}
