// Holds the pages of the documentation as tests read them.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/source/tree.ts'
import type { Block } from './markdown.ts'

/** Every page, by its path. */
export const PAGES: ReadonlyMap<string, string> = new Map(
  ['*.md', 'docs/**/*.md']
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
    .sort()
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]),
)

/** What stands behind a mark of a block, once for each time that it has it. */
export function marked(block: Block, word: string): string[] {
  const found = block.marks.filter((mark) => mark === word || mark.startsWith(`${word} `))
  return found.map((mark) => mark.slice(word.length).trim())
}
