// Holds the files of the console as they were built: read once, known by name, answered whole. A home without a build has none.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'

/** What a file is, by its extension; a file of no other kind is built. */
const MEDIA: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** One file. */
interface ConsoleFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same by Brotli (RFC 7932); undefined where it does not get smaller. */
  readonly brotli: Uint8Array<ArrayBuffer> | undefined
  readonly media: string
}

/** A console that was built. */
export interface ConsoleFiles {
  /** The one document: every page is it. */
  readonly document: string
  /** By path below `/console/`. */
  readonly files: ReadonlyMap<string, ConsoleFile>
}

/** Reads a build; undefined where there is none. */
export function readConsole(folder: string): ConsoleFiles | undefined {
  const document = join(folder, 'index.html')
  if (!existsSync(document)) return undefined
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const there = new Set(names)
  const files = new Map<string, ConsoleFile>()
  for (const name of names) {
    const media = MEDIA[extname(name)]
    if (media === undefined) continue
    files.set(name.replaceAll(sep, '/'), {
      bytes: new Uint8Array(readFileSync(join(folder, name))),
      brotli: there.has(`${name}.br`)
        ? new Uint8Array(readFileSync(join(folder, `${name}.br`)))
        : undefined,
      media,
    })
  }
  return { document: readFileSync(document, 'utf8'), files }
}
