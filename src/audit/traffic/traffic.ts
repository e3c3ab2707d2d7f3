// Holds the keeping of decided calls for replay: sealed on disk in batches, bounded everywhere, and honest about what it dropped.

import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { Fault } from '../../std/fault.ts'
import type { Timer } from '../../std/timer.ts'
import type { Sealer } from '../../keys/ring.ts'
import type { AuditSink } from '../../wire/record.ts'
import type { TrafficEntry } from '../../wire/traffic.ts'
import { utf8 } from '../../std/bytes.ts'
import { subjectOf, type Subjects } from '../side/subjects.ts'
import { entryText, sealedLine } from './entry.ts'
import { dayOf, prune, trafficFiles } from './folder.ts'
import { TrafficWriter } from './traffic-file.ts'

/** How long entries wait for others (ms), and how often what was dropped is recorded. */
const BATCH_MS = 200
const REPORT_MS = 3_600_000

/** Entries of one frame, so that no turn of the loop is long; characters of one. */
const FRAME_ENTRIES = 64
const FRAME_CHARACTERS = 1_048_576

/** What may wait to be written: more is dropped, and counted. */
const QUEUE_ENTRIES = 8_192
const QUEUE_CHARACTERS = 16_777_216

/** One file, after which the next is begun: pruning by size deletes whole files. */
const FILE_BYTES = 67_108_864

/** What keeping needs. */
export interface TrafficPorts {
  /** `traffic/` of the home; it is made. */
  readonly folder: string
  /** Seals the key of every file. */
  readonly keys: Sealer
  /** Seal every entry in it, each for its person. */
  readonly subjects: Pick<Subjects, 'seal' | 'ready'>
  readonly clock: Clock
  readonly entropy: Entropy
  readonly timer: Timer
  readonly audit: AuditSink
  /** Days that are kept; 0 keeps nothing. */
  readonly days: number
  /** Bytes that are kept altogether. */
  readonly bytes: number
  /** Told of what went wrong where nobody waits. */
  readonly onTrouble: (error: unknown) => void
}

/** An entry that waits to be written. */
interface Waiting {
  readonly text: string
  readonly subject: string
}

/** What a sealed entry is bound to. */
export const ENTRY_CONTEXT = 'traffic/entry'

/** Where the next frame goes. */
interface Place {
  readonly day: string
  readonly handle: FileHandle
  readonly writer: TrafficWriter
  bytes: number
}

/** Keeps calls. What it says is best effort by design: a call never waits for it, and never fails by it. */
export class Traffic {
  readonly #ports: TrafficPorts
  #queue: Waiting[] = []
  #characters = 0
  /** Dropped since the last frame, and since the last record. */
  #dropped = 0
  #unreported = 0
  #kept = 0
  #place: Place | undefined
  #writing: Promise<void> | undefined
  #cancelBatch: (() => void) | undefined
  #cancelReport: (() => void) | undefined
  #closed = false

  constructor(ports: TrafficPorts) {
    this.#ports = ports
    if (ports.days > 0) prune(ports.folder, ports.clock.now(), ports)
    this.#report()
  }

  /** Takes a decided call. Never throws, never waits. */
  keep(entry: TrafficEntry): void {
    if (this.#ports.days === 0 || this.#closed) return
    let text: string
    try {
      text = entryText(entry)
    } catch (error) {
      this.#drop(1)
      this.#ports.onTrouble(error)
      return
    }
    if (
      this.#queue.length >= QUEUE_ENTRIES ||
      this.#characters + text.length > QUEUE_CHARACTERS ||
      text.length > FRAME_CHARACTERS * 4
    ) {
      this.#drop(1)
      return
    }
    this.#queue.push({ text, subject: subjectOf(entry.request.person?.id) })
    this.#characters += text.length
    this.#cancelBatch ??= this.#ports.timer.after(BATCH_MS, () => void this.flush())
  }

  /** Resolves when everything that was kept until now is written, or is known to be dropped. */
  flush(): Promise<void> {
    this.#cancelBatch?.()
    this.#cancelBatch = undefined
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  /** Writes what waits, and takes nothing more. */
  async close(): Promise<void> {
    this.#cancelReport?.()
    await this.flush()
    this.#closed = true
    await this.flush()
    this.#cancelBatch?.()
    await this.#place?.handle.close()
    this.#place = undefined
    await this.#tell()
  }

  #drop(count: number): void {
    this.#dropped += count
    this.#unreported += count
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const taken = this.#take()
      const lines = await this.#sealed(taken)
      const dropped = this.#dropped
      this.#dropped = 0
      try {
        const place = await this.#placeFor(dayOf(this.#ports.clock.now()))
        const frame = place.writer.frame(`${JSON.stringify({ dropped })}\n${lines.join('\n')}`)
        await place.handle.write(frame)
        place.bytes += frame.byteLength
        this.#kept += lines.length
      } catch (error) {
        // A frame that was written in part is where the file ends for whoever reads: the next goes into another.
        await this.#leave()
        // What else waits would fail as well, and try again file after file.
        this.#dropped += dropped
        this.#drop(lines.length + this.#queue.length)
        this.#queue = []
        this.#characters = 0
        this.#ports.onTrouble(error)
      }
    }
  }

  /** Each entry under the key of its person. Whoever was erased meanwhile has none, and their calls are not kept. */
  async #sealed(taken: readonly Waiting[]): Promise<string[]> {
    const { subjects, onTrouble } = this.#ports
    const lines: string[] = []
    for (const { subject, text } of taken) {
      try {
        await subjects.ready(subject)
        lines.push(sealedLine(subject, subjects.seal(subject, utf8(text), ENTRY_CONTEXT)))
      } catch (error) {
        this.#drop(1)
        if (!(error instanceof Fault) || error.code !== 'side.erased') onTrouble(error)
      }
    }
    return lines
  }

  #take(): Waiting[] {
    let characters = 0
    let count = 0
    while (count < this.#queue.length && count < FRAME_ENTRIES && characters < FRAME_CHARACTERS) {
      characters += this.#queue[count++]!.text.length
    }
    this.#characters -= characters
    return this.#queue.splice(0, count)
  }

  async #placeFor(day: string): Promise<Place> {
    if (this.#place?.day === day && this.#place.bytes < FILE_BYTES) return this.#place
    await this.#leave()
    const { folder, clock, keys, entropy } = this.#ports
    const left = prune(folder, clock.now(), this.#ports)
    const last = left.findLast((file) => file.day === day)?.number ?? 0
    const name = `${day}-${last + 1}.traffic`
    // A new file for every run: nobody has to know where the last one stopped.
    const handle = await open(join(folder, name), 'wx', 0o600)
    const writer = new TrafficWriter(name, keys, entropy)
    await handle.write(writer.head)
    this.#place = { day, handle, writer, bytes: writer.head.byteLength }
    return this.#place
  }

  async #leave(): Promise<void> {
    const place = this.#place
    this.#place = undefined
    await place?.handle.close().catch((error: unknown) => this.#ports.onTrouble(error))
  }

  #report(): void {
    this.#cancelReport = this.#ports.timer.after(REPORT_MS, () => {
      void this.#tell().finally(() => {
        if (!this.#closed) this.#report()
      })
    })
  }

  /** Records what was dropped since it was last said; nothing where nothing was. */
  async #tell(): Promise<void> {
    const dropped = this.#unreported
    const kept = this.#kept
    if (dropped === 0) return
    this.#unreported = 0
    this.#kept = 0
    try {
      await this.#ports.audit.append({
        type: 'traffic.dropped',
        phase: 'lifecycle',
        body: { dropped, kept },
      })
    } catch (error) {
      this.#unreported += dropped
      this.#ports.onTrouble(error)
    }
  }

  /** Bytes on disk. */
  size(): number {
    return trafficFiles(this.#ports.folder).reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
