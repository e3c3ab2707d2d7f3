// Holds what a thread wrote and did not sync, with what was there before: a power-off may take all of it away.

import fs from 'node:fs'

// Those of the machine, before the injector stands before them.
const { closeSync, existsSync, ftruncateSync, openSync, readSync, fstatSync, writeSync } = fs

interface Written {
  path: string
  readonly at: number
  readonly before: Uint8Array
  /** Of the file before. */
  readonly size: number
}

/** Of one thread: what other threads wrote may have reached the disk, which is as good an end as any. Names are kept, bytes are not. */
export class Unsynced {
  #written: Written[] = []

  /** Keeps what is there now. `at` undefined: at the end of the file. */
  willWrite(path: string, at: number | undefined, bytes: number): void {
    if (!existsSync(path)) return
    const fd = openSync(path, 'r')
    const { size } = fstatSync(fd)
    const from = at ?? size
    const before = new Uint8Array(bytes)
    const read = readSync(fd, before, 0, bytes, from)
    closeSync(fd)
    this.#written.push({ path, at: from, before: before.subarray(0, read), size })
  }

  /** The file's bytes are on the disk. */
  synced(path: string | undefined): void {
    this.#written = this.#written.filter((one) => one.path !== path)
  }

  /** A file that is renamed before it is synced loses its bytes under its new name. */
  renamed(from: string, to: string): void {
    for (const one of this.#written) if (one.path === from) one.path = to
  }

  /** Takes it all away, the newest first. */
  drop(): void {
    for (const { path, at, before, size } of this.#written.toReversed()) {
      if (!existsSync(path)) continue
      const fd = openSync(path, 'r+')
      if (before.length > 0) writeSync(fd, before, 0, before.length, at)
      ftruncateSync(fd, size)
      closeSync(fd)
    }
  }
}
