// Holds the exports of a log as the rest of the product sees them: sinks, how they are doing, and their cursors kept in the store.

import { Worker } from 'node:worker_threads'

import { Fault } from '../../std/fault.ts'
import type { Receipt } from '../../wire/record.ts'
import type { Cursor } from '../../store/rows/cursor.ts'
import type { Held, SignedRepository } from '../../store/signed-table.ts'
import type { AuditLog } from '../log.ts'
import { EXPORT_FAULTS, exportFault } from './faults.ts'
import type { ExportNews, ExportOrder, ExportStart } from './export-worker.ts'
import type { Reached } from './exporter.ts'
import { targetOf, tellsPeople, type SinkSettings } from './settings.ts'
import type { SinkState } from './sink.ts'

/** How often cursors are written (ms): what was sent since is sent again after a crash. */
const SAVE_MS = 1_000

/** What exports stand on. */
export interface ExportsParts {
  readonly home: string
  readonly origin: string
  readonly version: string
  /** URL of the control listener, for links. */
  readonly control: string
  readonly sinks: readonly SinkSettings[]
  readonly audit: Pick<AuditLog, 'append' | 'flush' | 'get' | 'onGrown' | 'read' | 'stats'>
  readonly cursors: SignedRepository<Cursor>
  readonly onTrouble: (error: unknown) => void
}

interface Kept {
  state: SinkState
  reached: Reached
  held: Held<Cursor> | undefined
  dirty: boolean
}

/** The exports of a home. Without sinks there is no thread. */
export class Exports {
  readonly #parts: ExportsParts
  readonly #kept: Map<string, Kept>
  readonly #waiting = new Map<number, (problem: Fault | undefined) => void>()
  #worker: Worker | undefined
  #orders = 0
  #timer: NodeJS.Timeout | undefined
  #saving: Promise<void> = Promise.resolve()
  #off: (() => void) | undefined

  private constructor(parts: ExportsParts, kept: Map<string, Kept>) {
    this.#parts = parts
    this.#kept = kept
  }

  /**
   * Opens every sink at its cursor, and records which have come, changed or gone. Throws `export.settings`, and `export.other_log`
   * where a cursor names a record that this log does not have at that place.
   */
  static async open(parts: ExportsParts): Promise<Exports> {
    const there = new Map((await parts.cursors.all()).map((held) => [held.doc.sink, held]))
    const kept = new Map<string, Kept>()
    for (const settings of parts.sinks) {
      const held = there.get(settings.name)
      const reached = held?.doc ?? beginning(parts, settings)
      checkCursor(parts, settings.name, reached)
      const target = targetOf(settings)
      if (held?.doc.target !== target || held.doc.kind !== settings.kind) {
        await parts.audit.append({
          type: 'export.begun',
          phase: 'admin',
          body: { sink: settings.name, kind: settings.kind, target, next: reached.next },
        })
      }
      const state = { name: settings.name, kind: settings.kind, target, sent: 0, refused: 0 }
      kept.set(settings.name, {
        state: { ...state, next: reached.next },
        reached: { next: reached.next, leaf: reached.leaf },
        held,
        dirty: true,
      })
    }
    const exports = new Exports(parts, kept)
    if (parts.sinks.length > 0) await exports.#start()
    return exports
  }

  /** Every sink, in the order of the file, with how many records of the log it has not had. */
  states(): (SinkState & { readonly lag: number })[] {
    const { size } = this.#parts.audit.stats()
    return [...this.#kept.values()].map(({ state }) => ({
      ...state,
      lag: Math.max(0, size - state.next),
    }))
  }

  /**
   * Records that a person tests a sink, and sends it that very record at once. Throws `export.unknown`, and what the sink answered:
   * `export.undelivered`, `export.refused`.
   */
  async test(sink: string, person: string): Promise<{ readonly index: number }> {
    this.#check(sink)
    const { audit } = this.#parts
    const { id } = await audit.append({
      type: 'export.tested',
      phase: 'admin',
      person,
      body: { sink },
    })
    await audit.flush()
    const index = (await audit.get(id))?.index
    if (index === undefined) throw exportFault('export.undelivered', 'the record is not in the log')
    await this.#ask((order) => ({ kind: 'test', id: order, sink, index }))
    return { index }
  }

  /** Sends a sink everything from a record on, once more. Throws `export.unknown`. */
  async replay(sink: string, from: number, person: string): Promise<void> {
    this.#check(sink)
    const next = Math.min(from, this.#parts.audit.stats().size)
    const body = { sink, from: next }
    await this.#parts.audit.append({ type: 'export.replayed', phase: 'admin', person, body })
    await this.#ask((id) => ({ kind: 'replay', id, sink, from: next }))
  }

  /** Ends the thread after the deliveries under way, and keeps the cursors. */
  async close(): Promise<void> {
    this.#off?.()
    clearInterval(this.#timer)
    const worker = this.#worker
    if (worker !== undefined) {
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      worker.postMessage({ kind: 'close' } satisfies ExportOrder)
      await ended
    }
    for (const answer of this.#waiting.values()) {
      answer(exportFault('export.undelivered', 'exports are ending'))
    }
    await this.#save()
  }

  async #start(): Promise<void> {
    const { home, origin, version, control, sinks, audit } = this.#parts
    const workerData: ExportStart = {
      home,
      origin,
      version,
      control,
      sinks: sinks.map((settings) => ({
        settings,
        from: this.#kept.get(settings.name)?.reached ?? { next: 0, leaf: '' },
      })),
    }
    const worker = new Worker(new URL('./export-worker.ts', import.meta.url), { workerData })
    const first = await new Promise<ExportNews>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    if (first.kind === 'failed') throw toFault(first)
    this.#worker = worker
    worker.on('message', (news: ExportNews) => this.#hear(news))
    worker.on('error', (error) => this.#fell(error))
    this.#off = audit.onGrown(() => worker.postMessage({ kind: 'grown' } satisfies ExportOrder))
    this.#timer = setInterval(() => void this.#save(), SAVE_MS)
    this.#timer.unref()
  }

  #hear(news: ExportNews): void {
    if (news.kind === 'done') {
      this.#waiting.get(news.id)?.(news.problem === undefined ? undefined : toFault(news.problem))
      this.#waiting.delete(news.id)
    }
    if (news.kind !== 'state') return
    const kept = this.#kept.get(news.state.name)
    if (kept === undefined) return
    kept.state = news.state
    kept.dirty ||= kept.reached.next !== news.reached.next
    kept.reached = news.reached
  }

  /** A thread that ended by itself has sent what it says it has; the rest follows at the next start. */
  #fell(error: unknown): void {
    this.#parts.onTrouble(error)
    for (const kept of this.#kept.values()) {
      kept.state = { ...kept.state, problem: 'the exporter has ended: start bailiwick again' }
    }
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#saveAll()).catch(this.#parts.onTrouble)
    return this.#saving
  }

  async #saveAll(): Promise<void> {
    const { cursors } = this.#parts
    for (const kept of this.#kept.values()) {
      if (!kept.dirty) continue
      kept.dirty = false
      const { name, kind, target } = kept.state
      const { next, leaf } = kept.reached
      const doc: Cursor = { sink: name, kind, target, next, leaf }
      // The record that the row names is the last one that the sink has.
      const receipt: Receipt = { id: name, leaf: leaf === '' ? NO_LEAF : leaf, ts: '' }
      kept.held = await (kept.held === undefined
        ? cursors.insert(doc, receipt)
        : cursors.replace(kept.held, doc, receipt))
    }
  }

  #check(sink: string): void {
    if (!this.#kept.has(sink)) throw exportFault('export.unknown', 'no sink has this name')
  }

  #ask(order: (id: number) => ExportOrder): Promise<void> {
    const id = (this.#orders += 1)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (problem) => (problem === undefined ? resolve() : reject(problem)))
      this.#worker?.postMessage(order(id))
    })
  }
}

/** Where a sink begins that was not there before: with all of the log, or, where it tells people, with what comes now. */
function beginning({ audit }: ExportsParts, settings: SinkSettings): Reached {
  const { size } = audit.stats()
  const last = tellsPeople(settings) && size > 0 ? audit.read(size - 1, 1)[0] : undefined
  return last === undefined ? { next: 0, leaf: '' } : { next: last.index + 1, leaf: last.leaf }
}

/** Names no record: 32 zero bytes. */
const NO_LEAF = 'A'.repeat(43)

function checkCursor({ audit }: ExportsParts, sink: string, { next, leaf }: Reached): void {
  if (next === 0) return
  const before = next <= audit.stats().size ? audit.read(next - 1, 1)[0] : undefined
  // What retention has removed cannot be compared any more; every sink was past it before it went.
  const dropped = before !== undefined && before.index !== next - 1
  if (!dropped && before?.leaf !== leaf) {
    throw exportFault('export.other_log', `the cursor of ${sink} is of another log`)
  }
}

function toFault({ code, detail }: { readonly code: string; readonly detail: string }): Fault {
  return exportFault(
    code in EXPORT_FAULTS ? (code as keyof typeof EXPORT_FAULTS) : 'export.undelivered',
    detail,
  )
}
