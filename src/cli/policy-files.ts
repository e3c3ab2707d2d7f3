// Holds finding policy files: every .cedar and .links.json file of the folders and files that were named.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, relative, resolve, sep } from 'node:path'
import { PolicySource } from '../wire/api/policy.ts'
import { fault } from './faults.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Files that hold policies, or links that fill their templates. */
const POLICY_FILE = /\.(?:cedar|links\.json)$/

/** The policy files under a folder. Hidden files and folders are passed over, and links are not followed. */
function under(folder: string): string[] {
  const out: string[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) out.push(...under(path))
    else if (entry.isFile() && POLICY_FILE.test(entry.name)) out.push(path)
  }
  return out
}

function read(path: string, file: string): PolicySource {
  let text: string
  try {
    text = decoder.decode(readFileSync(path))
  } catch (cause) {
    throw fault('cli.file', `${path} cannot be read as UTF-8 text`, cause)
  }
  const source = PolicySource.safeParse({ file, text })
  if (source.success) return source.data
  const message = source.error.issues[0]?.message ?? 'is refused'
  throw fault('cli.file', `the name ${file} ${message}`)
}

/**
 * Sources in the order of their names: files of a folder are named by their path in it, a file by its last part. Throws
 * `cli.file` where a path is not there, nothing is found, or two files have one name.
 */
export function collectPolicies(paths: readonly string[], cwd: string): PolicySource[] {
  const sources = new Map<string, PolicySource>()
  for (const given of paths) {
    const path = resolve(cwd, given)
    let folder: boolean
    let files: string[]
    try {
      folder = statSync(path).isDirectory()
      files = folder ? under(path) : [path]
    } catch (cause) {
      throw fault('cli.file', `${given} cannot be read`, cause)
    }
    if (files.length === 0) throw fault('cli.file', `there is no .cedar file in ${given}`)
    for (const file of files) {
      const name = folder ? relative(path, file).split(sep).join('/') : basename(file)
      if (sources.has(name)) throw fault('cli.file', `two files are named ${name}`)
      sources.set(name, read(file, name))
    }
  }
  return [...sources.values()].sort((a, b) => (a.file < b.file ? -1 : 1))
}
