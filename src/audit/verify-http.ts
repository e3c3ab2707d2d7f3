// Holds the reading of a log from an address that serves it as C2SP tlog-tiles says, for whoever verifies from afar.

import { Agent, request } from 'undici'

import { decodeEntries } from '../tlog/entries.ts'
import { HASH_BYTES } from '../tlog/hash.ts'
import { parseVkey } from '../tlog/note.ts'
import { TILE_WIDTH, tilePath, tileWidth, type TileRef } from '../tlog/tile.ts'
import { fault } from './faults.ts'
import { isShardName } from './shard.ts'
import type { LogSource, OlderTile } from './verify-source.ts'

/** Where a log is served. */
export interface HttpSourceOptions {
  /** `https://host/log`: what the shards' folders are below of, or one shard itself. */
  readonly address: string
  /** Certificates of the authority that vouches for the address, PEM; the system's own otherwise. */
  readonly ca?: string
  /** Value of `Authorization` for what is not public: entries. */
  readonly authorization?: string
}

/** Bytes of an answer: a bundle of 256 entries of 65,535 bytes, each behind its length. */
const ANSWER_MAX = TILE_WIDTH * (2 + 65_535)
/** Longest that one answer may take (ms). */
const ANSWER_MS = 30_000
/** Full tiles that are asked for ahead of the one that is wanted. */
const AHEAD = 8

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** A log behind an address. Close it at the end. */
export class HttpSource implements LogSource {
  readonly #options: HttpSourceOptions
  readonly #agent: Agent
  /** Files on their way, by path: what is read is read once and in order. */
  readonly #coming = new Map<string, Promise<Buffer>>()

  constructor(options: HttpSourceOptions) {
    this.#options = { ...options, address: options.address.replace(/\/+$/, '') }
    this.#agent = new Agent({
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      connect: { timeout: ANSWER_MS, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    })
  }

  /** Those that the address's own list of verifier keys names: it says where to look, never what to believe. */
  async names(): Promise<readonly string[]> {
    if ((await this.#text('checkpoint')) !== undefined) {
      const below = await this.#listed()
      return below.length === 0 ? [''] : ['', ...below]
    }
    const listed = await this.#listed()
    return listed.length === 0 ? [''] : listed
  }

  async checkpoint(shard: string): Promise<string | undefined> {
    return this.#text(below(shard, 'checkpoint'))
  }

  async witnessed(shard: string): Promise<string | undefined> {
    return this.#text(below(shard, 'checkpoint.witnessed'))
  }

  async hashes(shard: string, level: number, index: number, width: number): Promise<Uint8Array> {
    const { bytes, ref } = await this.#tile(shard, { level, index, width })
    if (bytes.length !== ref.width * HASH_BYTES) throw odd(ref, 'hashes')
    return bytes.subarray(0, width * HASH_BYTES)
  }

  async entries(shard: string, index: number, width: number): Promise<readonly Uint8Array[]> {
    const { bytes, ref } = await this.#tile(shard, { level: 'entries', index, width })
    const entries = decodeEntries(bytes)
    if (entries.length !== ref.width) throw odd(ref, 'entries')
    return entries.slice(0, width)
  }

  async older(): Promise<readonly OlderTile[]> {
    return []
  }

  async hasTiles(shard: string, size: number): Promise<boolean> {
    try {
      await this.hashes(shard, 0, 0, tileWidth(0, 0, size))
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#agent.close()
  }

  async #listed(): Promise<string[]> {
    const text = (await this.#text('log.vkey')) ?? ''
    const names = text
      .split('\n')
      .filter(Boolean)
      .map((line) => parseVkey(line).name)
    return names.map((name) => name.slice(name.lastIndexOf('/') + 1)).filter(isShardName)
  }

  async #text(path: string): Promise<string | undefined> {
    try {
      return (await this.#get(path)).toString('utf8')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async #tile(shard: string, ref: TileRef): Promise<{ bytes: Buffer; ref: TileRef }> {
    try {
      const bytes = await this.#ahead(shard, ref)
      return { bytes, ref }
    } catch (error) {
      if (!isMissing(error) || ref.width === TILE_WIDTH) throw error
      const full = { ...ref, width: TILE_WIDTH }
      return { bytes: await this.#get(below(shard, tilePath(full))), ref: full }
    }
  }

  /** Asks for the tile and for those that will be wanted next. */
  #ahead(shard: string, ref: TileRef): Promise<Buffer> {
    const path = below(shard, tilePath(ref))
    const wanted = this.#coming.get(path) ?? this.#get(path)
    this.#coming.delete(path)
    const next = ref.width === TILE_WIDTH && (ref.level === 0 || ref.level === 'entries')
    for (let i = 1; next && i <= AHEAD; i++) {
      const after = below(shard, tilePath({ ...ref, index: ref.index + i }))
      if (this.#coming.has(after) || this.#coming.size >= AHEAD * 2) continue
      const coming = this.#get(after)
      // One beyond the end is nobody's loss; whoever wants it hears of it.
      coming.catch(() => undefined)
      this.#coming.set(after, coming)
    }
    return wanted
  }

  async #get(path: string): Promise<Buffer> {
    const { address, authorization } = this.#options
    let answer
    try {
      answer = await request(`${address}/${path}`, {
        dispatcher: this.#agent,
        headers: authorization === undefined ? {} : { authorization },
      })
    } catch (cause) {
      throw fault('audit.verify_unreachable', `${address} does not answer`, cause)
    }
    const { statusCode, body } = answer
    // What has moved is not here, and nobody is followed elsewhere: a server of shards shows its newest so (`/log/checkpoint`).
    if (statusCode === 404 || REDIRECTS.has(statusCode)) {
      await body.dump()
      throw Object.assign(new Error('missing'), { code: 'ENOENT' })
    }
    if (statusCode !== 200) {
      await body.dump()
      throw fault('audit.verify_unreachable', `${path} is answered with ${statusCode}`)
    }
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body) {
      const bytes: Buffer = chunk as Buffer
      size += bytes.length
      if (size > ANSWER_MAX) throw fault('audit.verify_unreachable', `${path} has no end`)
      chunks.push(bytes)
    }
    return Buffer.concat(chunks)
  }
}

function below(shard: string, path: string): string {
  return shard === '' ? path : `${shard}/${path}`
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function odd(ref: TileRef, what: string): Error {
  return fault('audit.corrupt', `${tilePath(ref)} does not hold ${ref.width} ${what}`)
}
