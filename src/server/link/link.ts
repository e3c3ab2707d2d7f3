// Holds the link as both ends see it: questions with answers and words without, over one connection, in order.

import type { Duplex } from 'node:stream'
import { Fault, publicFault } from '../../std/fault.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { linkFault } from './faults.ts'
import { frame, FrameReader } from './frames.ts'

/** Questions that the other side may have open at once. */
const MOST_OPEN = 8_192
/** Bytes that may wait for a peer that does not read (beyond, it is as good as gone). */
const MOST_WAITING = 134_217_728

/** What one end does for the other. */
export interface LinkHandlers {
  /** Questions by name. What is thrown is told by its public words. */
  readonly asked: Readonly<Record<string, (params: JsonObject) => Json | Promise<Json>>>
  /** Words by name. What is thrown ends the link. */
  readonly told: Readonly<Record<string, (params: JsonObject) => void>>
}

interface Open {
  readonly resolve: (value: Json) => void
  readonly reject: (error: unknown) => void
}

/**
 * One end. Whatever is no frame, or is none that this end knows, ends the connection: both ends are ours. Once it has ended, everything
 * that was asked rejects with `link.lost`: whether it was done is not known.
 */
export class Link {
  readonly #socket: Duplex
  readonly #handlers: LinkHandlers
  readonly #open = new Map<number, Open>()
  readonly #closed: (() => void)[] = []
  /** What is said in this turn: one write costs as much as many. */
  #said: string[] = []
  #serving = 0
  #next = 1
  #lost: Fault | undefined

  constructor(socket: Duplex, handlers: LinkHandlers) {
    this.#socket = socket
    this.#handlers = handlers
    const reader = new FrameReader()
    socket.on('data', (piece: Buffer) => {
      try {
        for (const message of reader.push(piece)) this.#take(message)
      } catch (error) {
        this.close(
          error instanceof Fault ? error : linkFault('link.frame', 'what came is no frame', error),
        )
      }
    })
    socket.on('error', (error) => this.close(linkFault('link.lost', 'the connection broke', error)))
    socket.on('close', () => this.close(linkFault('link.lost', 'the connection ended')))
  }

  /** Why it is over; undefined while it lasts. */
  get lost(): Fault | undefined {
    return this.#lost
  }

  /** Called once when it is over, at once where it is already. */
  onClosed(listener: () => void): void {
    if (this.#lost === undefined) this.#closed.push(listener)
    else listener()
  }

  /** Asks the other side. Rejects with its Fault, or with `link.lost`. */
  ask(name: string, params: JsonObject): Promise<Json> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject })
      this.#send({ ask: name, id, with: params })
    })
  }

  /** Tells the other side; nothing happens once it is over. */
  tell(name: string, params: JsonObject): void {
    if (this.#lost === undefined) this.#send({ tell: name, with: params })
  }

  /** Ends it. */
  close(why: Fault): void {
    if (this.#lost !== undefined) return
    this.#lost = why
    this.#socket.destroy()
    for (const { reject } of this.#open.values()) reject(why)
    this.#open.clear()
    for (const listener of this.#closed.splice(0)) listener()
  }

  #send(message: JsonObject): void {
    if (this.#said.push(frame(message)) === 1) setImmediate(() => this.#write())
  }

  #write(): void {
    const said = this.#said
    this.#said = []
    if (this.#lost !== undefined) return
    this.#socket.write(said.length === 1 ? said[0]! : said.join(''))
    if (this.#socket.writableLength > MOST_WAITING) {
      this.close(linkFault('link.lost', 'the other side does not read'))
    }
  }

  #take(message: JsonObject): void {
    const { ask, tell, id, re, no } = message
    const params = isObject(message['with']) ? message['with'] : {}
    if (typeof tell === 'string') return this.#handler('told', tell)(params)
    if (typeof ask === 'string' && typeof id === 'number') return void this.#serve(ask, id, params)
    if (typeof re !== 'number') throw linkFault('link.frame', 'a frame that is nothing')
    const open = this.#open.get(re)
    this.#open.delete(re)
    if (isObject(no)) open?.reject(faultOf(no))
    else open?.resolve(message['ok'] ?? null)
  }

  #handler<K extends keyof LinkHandlers>(kind: K, name: string): LinkHandlers[K][string] {
    const handlers: LinkHandlers[K] = this.#handlers[kind]
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
    if (handler === undefined)
      throw linkFault('link.unknown', 'the other side says what is not known')
    return handler as LinkHandlers[K][string]
  }

  async #serve(name: string, id: number, params: JsonObject): Promise<void> {
    if (this.#serving >= MOST_OPEN) {
      const { code, detail, next, status } = linkFault('link.too_many', 'too much is asked at once')
      return this.#send({ re: id, no: { code, detail, next, status } })
    }
    this.#serving++
    let answer: JsonObject
    try {
      answer = { re: id, ok: await this.#handler('asked', name)(params) }
    } catch (error) {
      answer = { re: id, no: { ...publicFault(error) } }
    } finally {
      this.#serving--
    }
    if (this.#lost === undefined) this.#send(answer)
  }
}

/** What the other side threw, in its public words. */
function faultOf({ code, detail, next, status }: JsonObject): Fault {
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
  const kind = { status: typeof status === 'number' ? status : 500, next: text(next) }
  return new Fault(text(code), kind, text(detail))
}
