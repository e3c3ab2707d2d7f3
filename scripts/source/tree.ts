// Holds the repository's own TypeScript as a graph: which files there are, and which refers to which.

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { referencesOf, type Reference } from './references.ts'
import { tokensOf, type Token } from './tokens.ts'

/** The repository's folder. */
export const ROOT = normalize(fileURLToPath(new URL('../../', import.meta.url)))

/** One file. Paths are relative to the repository, with `/`. */
export interface SourceFile {
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly tokens: readonly Token[]
  readonly references: readonly Reference[]
  /** Files of the repository that it refers to, whether or not they are there. */
  readonly files: readonly string[]
}

/** Reads every `.ts` file under the folders, sorted by path. Throws with the path where one cannot be read as code. */
export function readTree(folders: readonly string[]): ReadonlyMap<string, SourceFile> {
  const found = folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }))
  return new Map(found.sort().map((path) => [path, readSource(path)]))
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8')
  let tokens
  try {
    tokens = tokensOf(text)
  } catch (cause) {
    throw new Error(`${path} cannot be read as code`, { cause })
  }
  const references = referencesOf(tokens)
  const files = references
    .filter(({ to }) => to.startsWith('.'))
    .map(({ to }) => normalize(join(dirname(path), to)))
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  return { path, text, lines, tokens, references, files: [...new Set(files)] }
}

/** Every file that can be reached from the entries, they themselves included. */
export function reachable(
  tree: ReadonlyMap<string, SourceFile>,
  entries: readonly string[],
): ReadonlySet<string> {
  const seen = new Set<string>()
  const open = entries.filter((entry) => tree.has(entry))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    open.push(...tree.get(path)!.files.filter((file) => tree.has(file)))
  }
  return seen
}

/** Cycles between files, each once and from its first path on. */
export function cyclesOf(tree: ReadonlyMap<string, SourceFile>): string[] {
  const done = new Set<string>()
  const cycles = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) {
      cycles.add(told(trail.slice(at)))
      return
    }
    if (done.has(path)) return
    for (const file of tree.get(path)?.files ?? []) visit(file, [...trail, path])
    done.add(path)
  }
  for (const path of tree.keys()) visit(path, [])
  return [...cycles]
}

function told(cycle: readonly string[]): string {
  const first = cycle.indexOf([...cycle].sort()[0]!)
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)]
  return [...turned, turned[0]].join(' → ')
}
