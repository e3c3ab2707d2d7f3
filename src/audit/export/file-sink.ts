// Holds the sink that appends to a file, one JSON document per line, synced before it counts as sent.

import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'

import { utf8 } from '../../std/bytes.ts'
import { exportFault } from './faults.ts'
import { rendered } from './rendered.ts'
import type { ExportEvent, Sink } from './sink.ts'
import type { SinkSettings } from './settings.ts'

const MEGABYTE = 1 << 20

/** Appends; a file that was moved away (logrotate) is made anew. */
export class FileSink implements Sink {
  readonly settleMs = 0
  readonly #settings: SinkSettings & { kind: 'file' }
  #file: number | undefined

  constructor(settings: SinkSettings & { kind: 'file' }) {
    this.#settings = settings
  }

  send(events: readonly ExportEvent[]): Promise<void> {
    try {
      const file = this.#open()
      const lines = utf8(
        events.map((event) => `${rendered(event, this.#settings.format)}\n`).join(''),
      )
      for (let at = 0; at < lines.length;) at += writeSync(file, lines, at)
      fdatasyncSync(file)
      this.#rotate(file, events.at(-1)?.index ?? 0)
      return Promise.resolve()
    } catch (error) {
      this.#forget()
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      return Promise.reject(exportFault('export.undelivered', `writing failed: ${code}`, error))
    }
  }

  close(): Promise<void> {
    this.#forget()
    return Promise.resolve()
  }

  #open(): number {
    const { path } = this.#settings
    if (this.#file !== undefined) {
      const mine = fstatSync(this.#file)
      const there = statSync(path, { throwIfNoEntry: false })
      if (there?.ino === mine.ino && there.dev === mine.dev) return this.#file
      this.#forget()
    }
    this.#file = openSync(path, 'a', 0o600)
    return this.#file
  }

  #rotate(file: number, last: number): void {
    const { path, rotate_mb: most } = this.#settings
    if (fstatSync(file).size < most * MEGABYTE) return
    this.#forget()
    renameSync(path, `${path}.${last}`)
  }

  #forget(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}
