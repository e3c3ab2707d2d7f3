// Holds finding what to apply: one file, every YAML file of a folder, or standard input.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import type { Context } from '../context.ts'
import { fault as cliFault } from '../faults.ts'
import { wholeInput } from '../whole-input.ts'
import { fault } from './faults.ts'

/** Bytes of one file, and of all of one run. */
const MOST_BYTES = 1_048_576
const MOST_BYTES_OF_ALL = 8 * MOST_BYTES

const decoder = new TextDecoder('utf-8', { fatal: true })

/** A file by the name that errors give it. */
export interface SourceText {
  readonly file: string
  readonly text: string
}

interface SizedText extends SourceText {
  readonly bytes: number
}

/** The YAML files under a folder, in the order of their paths. Hidden ones are passed over, and links are not followed. */
function under(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.')) return []
    if (entry.isDirectory()) return under(path)
    // Tests of policies lie beside the policies, and are no documents.
    if (/\.test\.ya?ml$/.test(entry.name)) return []
    return entry.isFile() && /\.ya?ml$/.test(entry.name) ? [path] : []
  })
}

function decoded(bytes: Uint8Array, file: string): SizedText {
  if (bytes.length > MOST_BYTES) throw fault('apply.limit', `${file} is larger than 1 MiB`)
  try {
    return { file, text: decoder.decode(bytes), bytes: bytes.length }
  } catch (cause) {
    throw cliFault('cli.file', `${file} is not UTF-8 text`, cause)
  }
}

function read(path: string, file: string): SizedText {
  let bytes: Uint8Array
  try {
    const { size } = statSync(path)
    if (size > MOST_BYTES) throw fault('apply.limit', `${file} is larger than 1 MiB`)
    bytes = readFileSync(path)
  } catch (cause) {
    if (cause instanceof Error && !('errno' in cause)) throw cause
    throw cliFault('cli.file', `${file} cannot be read`, cause)
  }
  return decoded(bytes, file)
}

/** The texts to apply. `-` is standard input. Throws `cli.file` or `apply.limit`; for a folder without any, unless it may be so. */
export async function sourcesOf(
  { shell }: Pick<Context, 'shell'>,
  given: string,
  mayBeNone = false,
): Promise<readonly SourceText[]> {
  if (given === '-') return [decoded(await wholeInput(shell), 'standard input')]
  const path = resolve(shell.cwd, given)
  let files: readonly string[]
  let folder: boolean
  try {
    folder = statSync(path).isDirectory()
    files = folder ? under(path).sort() : [path]
  } catch (cause) {
    throw cliFault('cli.file', `${given} cannot be read`, cause)
  }
  if (files.length === 0 && !mayBeNone)
    throw cliFault('cli.file', `there is no .yaml or .yml file in ${given}`)
  let left = MOST_BYTES_OF_ALL
  return files.map((file) => {
    const name = folder ? relative(path, file).split(sep).join('/') : given
    const source = read(file, name)
    left -= source.bytes
    if (left < 0) throw fault('apply.limit', `the files of ${given} are larger than 8 MiB`)
    return source
  })
}
