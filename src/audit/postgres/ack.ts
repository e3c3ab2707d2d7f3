// Holds when a record counts as recorded: once it is durable here, or once PostgreSQL has committed it as well.

import type { AckLevel } from '../options.ts'
import type { SpoolNews } from '../spool-committer.ts'
import type { SpoolThread } from '../spool-thread.ts'
import { comparePositions } from '../segment.ts'
import type { PostgresLink } from './link.ts'

type Port = Pick<SpoolThread, 'listen' | 'post' | 'ended'>

/**
 * Stands between the spool's thread and who hears it: what is durable here goes to the shipper at once, and to whoever waits when
 * its level is reached. Order is kept also where the level changes in between.
 */
export class AckGate implements Port {
  readonly #thread: Port
  readonly #link: Pick<PostgresLink, 'noteDurable' | 'onShipped' | 'shipped' | 'attached'>
  readonly #level: AckLevel
  /** What was said and not passed on, in order; what is said of room is passed on at once. */
  readonly #held: SpoolNews[] = []
  #hear: (news: SpoolNews) => void = () => undefined

  constructor(
    thread: Port,
    link: Pick<PostgresLink, 'noteDurable' | 'onShipped' | 'shipped' | 'attached'>,
    level: AckLevel,
  ) {
    this.#thread = thread
    this.#link = link
    this.#level = level
    link.onShipped(() => this.#release())
  }

  /** Where a record has to be before it counts, at this moment. */
  get level(): 'local' | 'remote' {
    if (this.#level !== 'auto') return this.#level
    return this.#link.attached.gateways > 1 ? 'remote' : 'local'
  }

  /** What whoever waits too long has waited for. */
  get waitsFor(): string {
    return this.#held.length > 0 ? 'PostgreSQL' : 'the disk'
  }

  post(...order: Parameters<Port['post']>): void {
    this.#thread.post(...order)
  }

  ended(): Promise<void> {
    return this.#thread.ended()
  }

  listen(hear: (news: SpoolNews) => void): void {
    this.#hear = hear
    this.#thread.listen((news) => this.#take(news))
  }

  #take(news: SpoolNews): void {
    if (news.kind === 'durable') this.#link.noteDurable(news.batch)
    if (news.kind === 'room') return this.#hear(news)
    this.#held.push(news)
    this.#release()
  }

  #release(): void {
    const local = this.level === 'local'
    for (let news = this.#held[0]; news !== undefined; news = this.#held[0]) {
      if (
        news.kind === 'durable' &&
        !local &&
        comparePositions(this.#link.shipped, news.batch.position) < 0
      )
        return
      this.#held.shift()
      this.#hear(news)
    }
  }
}
