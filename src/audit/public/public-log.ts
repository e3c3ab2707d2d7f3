// Holds the public face of the log: checkpoints, hash tiles and verifier keys, for anybody (C2SP tlog-tiles). Entries are not public.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { shardVkey } from '../log-key.ts'
import type { ShardHead } from '../shard.ts'
import { isShardName, shardOrigin } from '../shard.ts'
import { base64url, sha256, utf8 } from '../../std/bytes.ts'
import { stringifyJson } from '../../std/json.ts'
import { HASH_BYTES } from '../../tlog/hash.ts'
import { parseTilePath, TILE_WIDTH, tilePath, tileWidth } from '../../tlog/tile.ts'

/** What is served. */
export interface PublicLogOptions {
  /** The home, which holds `log/` and `log.vkey`. */
  readonly home: string
  /** Origin of the log. */
  readonly origin: string
  /** The shards as they are committed. */
  readonly shards: () => readonly ShardHead[]
}

/** What a request is answered with. */
interface Served {
  readonly status: 200 | 302 | 304 | 404
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

const PREFIX = '/log/'
const TEXT = 'text/plain; charset=utf-8'
/** A full tile never changes. */
const FOREVER = 'public, max-age=31536000, immutable'
/** A partial tile does not either, but the full one takes its place soon: no cache is to be filled with those that nobody asks for again. */
const SHORT = 'public, max-age=60'
const MOMENT = 'public, max-age=1'
/** What is not there yet may be there a moment later. */
const MISSING: Served = {
  status: 404,
  headers: { 'content-type': TEXT, 'cache-control': 'no-store' },
  body: 'not found\n',
}
/** Characters of an If-None-Match that are looked at. */
const TAGS_MAX = 4_096
/** Requests under way at once: reading a small file each. */
const READING_MAX = 64

/** Serves `GET /log/…`; answers false for every other path. */
export class PublicLog {
  readonly #options: PublicLogOptions
  #reading = 0

  constructor(options: PublicLogOptions) {
    this.#options = options
  }

  /** True where the request was one for the log; it is answered then. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    if (!path.startsWith(PREFIX)) return false
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', 'content-type': TEXT }).end('takes GET, HEAD\n')
      return true
    }
    if (this.#reading >= READING_MAX) {
      response.writeHead(503, { 'retry-after': '1', 'content-type': TEXT }).end('busy\n')
      return true
    }
    this.#reading += 1
    try {
      const served = await this.#find(path.slice(PREFIX.length))
      if (isKnown(request.headers['if-none-match'], served)) {
        const { 'content-type': _, ...headers } = served.headers
        response.writeHead(304, headers).end()
        return true
      }
      const length = Buffer.byteLength(served.body ?? '')
      response.writeHead(served.status, { ...served.headers, 'content-length': length })
      response.end(method === 'HEAD' ? undefined : served.body)
    } finally {
      this.#reading -= 1
    }
    return true
  }

  async #find(path: string): Promise<Served> {
    if (path === 'shards') return this.#shards()
    if (path === 'log.vkey') return this.#text(join(this.#options.home, 'log.vkey'))
    const cut = path.indexOf('/')
    const name = path.slice(0, cut)
    // The shard of the empty name, of homes that are older than shards, stands in the folder itself.
    if (cut > 0 && isShardName(name)) return this.#inShard(name, path.slice(cut + 1))
    if (path === 'checkpoint' && !this.#has('')) return this.#current()
    return this.#inShard('', path)
  }

  async #inShard(name: string, path: string): Promise<Served> {
    const shard = this.#options.shards().find((one) => one.name === name)
    if (shard === undefined) return MISSING
    const folder = join(this.#options.home, 'log', name)
    if (path === 'checkpoint' || path === 'checkpoint.witnessed') {
      return this.#text(join(folder, path))
    }
    if (path === 'vkey') return this.#vkey(name)
    const ref = parseTilePath(path)
    if (ref === undefined || ref.level === 'entries') return MISSING
    const there = tileWidth(ref.level, ref.index, shard.size)
    if (ref.width > there) return MISSING
    const bytes =
      (await read(join(folder, tilePath(ref)))) ??
      (await read(join(folder, tilePath({ ...ref, width: TILE_WIDTH }))))
    if (bytes === undefined) return MISSING
    const body = bytes.subarray(0, ref.width * HASH_BYTES)
    return {
      status: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'cache-control': ref.width === TILE_WIDTH ? FOREVER : SHORT,
        etag: etagOf(body),
      },
      body,
    }
  }

  /** The verifier key of one shard: what tools that know one key for one log are given. */
  async #vkey(name: string): Promise<Served> {
    const { home, origin } = this.#options
    const vkeys = await read(join(home, 'log.vkey'))
    const line = shardVkey(vkeys?.toString('utf8') ?? '', shardOrigin(origin, name))
    if (line === undefined) return MISSING
    const body = utf8(`${line}\n`)
    return {
      status: 200,
      headers: { 'content-type': TEXT, 'cache-control': MOMENT, etag: etagOf(body) },
      body,
    }
  }

  async #text(path: string): Promise<Served> {
    const bytes = await read(path)
    if (bytes === undefined) return MISSING
    return {
      status: 200,
      headers: { 'content-type': TEXT, 'cache-control': MOMENT, etag: etagOf(bytes) },
      body: bytes,
    }
  }

  #current(): Served {
    const newest = this.#options.shards().at(-1)
    if (newest === undefined) return MISSING
    const location = `${PREFIX}${newest.name}/checkpoint`
    return { status: 302, headers: { location, 'cache-control': MOMENT } }
  }

  #shards(): Served {
    const shards = this.#options.shards()
    const body = stringifyJson({
      origin: this.#options.origin,
      shards: shards.map(({ name, base, size }, i) => ({
        name,
        origin: shardOrigin(this.#options.origin, name),
        base,
        size,
        closed: i < shards.length - 1,
      })),
    })
    return {
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': MOMENT },
      body: `${body}\n`,
    }
  }

  #has(name: string): boolean {
    return this.#options.shards().some((shard) => shard.name === name)
  }
}

/**
 * Whether the client has it already (RFC 9110 §13.1.2): `*`, or one entity tag of the list, weakly compared. A header that is
 * neither matches nothing.
 */
function isKnown(header: string | undefined, { status, headers }: Served): boolean {
  const etag = headers['etag']
  if (header === undefined || status !== 200 || etag === undefined) return false
  if (header.trim() === '*') return true
  if (header.length > TAGS_MAX) return false
  // Without its tags, a list is commas and blanks: no pattern is matched that could be made to go back over what it has read.
  const tags: string[] = []
  const rest = header.replace(/(?:W\/)?("[^"]*")/g, (_, tag: string) => {
    tags.push(tag)
    return '"'
  })
  return rest.split(',').every((part) => ['', '"'].includes(part.trim())) && tags.includes(etag)
}

/** A file; undefined where there is none. */
async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function etagOf(bytes: Uint8Array): string {
  return `"${base64url(sha256(bytes))}"`
}
