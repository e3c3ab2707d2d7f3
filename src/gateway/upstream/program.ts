// Holds what a program is known by: the digests of the files that it is read from, never what it says of itself.

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { ServerIdentity, StdioTransport } from '../../wire/system.ts'
import { gatewayFault } from '../faults.ts'

/** Programs that run what their arguments name; without versions: `python3.12` is `python`. */
const INTERPRETERS: ReadonlySet<string> = new Set(
  (
    'node bun deno tsx ts-node python pypy ruby perl php lua java dotnet sh ' +
    'bash dash zsh env uv poetry npm npx uvx'
  ).split(' '),
)

/** Programs that fetch what they run when they start: nobody can say what that will be. */
const FETCHERS: ReadonlySet<string> = new Set(
  'npx npm pnpm yarn bunx uvx uv pipx docker podman deno go'.split(' '),
)

/** Files of one program, and arguments that are looked at. */
const MAX_FILES = 16
const MAX_ARGUMENTS = 64
/** Bytes of one file: larger than any interpreter. */
const MAX_BYTES = 2_147_483_648
/** Digests kept. */
const MAX_KEPT = 1_024

/** Digests by what tells one content of a file from the next: every write sets its ctime, and nobody but root sets that. */
const kept = new Map<string, string>()

function plainName(path: string): string {
  return basename(path)
    .toLowerCase()
    .replace(/\.exe$/, '')
    .replace(/[\d.]+$/, '')
}

/** True where the program fetches what it then runs. */
export function fetches({ command, args }: Pick<StdioTransport, 'command' | 'args'>): boolean {
  const names = [command, ...(plainName(command) === 'env' ? args.slice(0, 1) : [])]
  return names.some((name) => FETCHERS.has(plainName(name)))
}

/** The digest of a file, read once for each content. Rejects with the system's own error. */
async function fileDigest(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = await file.stat({ bigint: true })
    if (!found.isFile() || found.size > MAX_BYTES) {
      throw gatewayFault('upstream.start', 'a file of the program cannot be read as one')
    }
    const key = [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ')
    const known = kept.get(key)
    if (known !== undefined) return known
    const hash = createHash('sha256')
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1_048_576 }))
      hash.update(chunk as Buffer)
    const digest = `sha256:${hash.digest('base64url')}`
    if (kept.size >= MAX_KEPT) kept.clear()
    // A file that was written while it was read has another time now, and is read again.
    kept.set(key, digest)
    return digest
  } finally {
    await file.close()
  }
}

/** The interpreter that the first line of a script names. */
async function shebang(path: string): Promise<readonly string[]> {
  const file = await open(path, constants.O_RDONLY)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0)
    const [, line] = /^#!\s*([^\r\n]+)/.exec(buffer.toString('latin1', 0, bytesRead)) ?? []
    return line?.trim().split(/\s+/) ?? []
  } finally {
    await file.close()
  }
}

async function fileAt(folder: string, word: string): Promise<string | undefined> {
  if (word === '' || word.length > 4_096 || /^[a-z][a-z0-9+.-]*:\/\//i.test(word)) return undefined
  const path = resolve(folder, word)
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() === true ? realpath(path) : undefined
}

/** The scripts that an interpreter is told to run: what options load first, then the first argument that is a file. */
async function scripts({ args, cwd = '/' }: StdioTransport): Promise<string[]> {
  const found: string[] = []
  for (const word of args.slice(0, MAX_ARGUMENTS)) {
    if (word === '--') continue
    // `--import=./hook.js` names a file as much as `--import ./hook.js` does.
    const value = word.startsWith('-') ? (/=(.+)$/.exec(word)?.[1] ?? '') : word
    const path = await fileAt(cwd, value)
    if (path === undefined) continue
    found.push(path)
    const before = args[args.indexOf(word) - 1] ?? ''
    // The script itself ends it: what follows are its own arguments, files that change as it works.
    if (
      !word.startsWith('-') &&
      !/^--?(?:r|require|import|loader|experimental-loader|env-file|preload)$/.test(before)
    )
      break
    if (found.length >= MAX_FILES) break
  }
  return found
}

/**
 * What a program is read from now: its executable, the interpreter that a script names in its first line, and the scripts that an
 * interpreter is given. Rejects with `upstream.start` where a file of it cannot be read.
 */
export async function programIdentity(transport: StdioTransport): Promise<ServerIdentity> {
  try {
    const executable = await realpath(transport.command)
    const line = await shebang(executable)
    const named =
      INTERPRETERS.has(plainName(transport.command)) || INTERPRETERS.has(plainName(executable))
    const interpreter = line[0] === undefined ? undefined : await fileAt('/', line[0])
    const paths = new Set([
      executable,
      ...(interpreter === undefined ? [] : [interpreter]),
      ...(named ? await scripts(transport) : []),
    ])
    const files = []
    for (const path of paths) files.push({ path, digest: await fileDigest(path) })
    return { kind: 'program', files }
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('E')) {
      throw gatewayFault(
        'upstream.start',
        'a file of the program is not there, or cannot be read',
        error,
      )
    }
    throw error
  }
}
