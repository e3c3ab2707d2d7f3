// Holds the command that writes the reference pages from the code, or with `--check` says where they no longer agree.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cliPage } from './reference/cli.ts'
import { conformancePage } from './reference/conformance.ts'
import { errorsPage } from './reference/errors.ts'
import { recordsPage } from './reference/records.ts'
import { readTree, ROOT } from './source/tree.ts'

const FOLDER = join(ROOT, 'docs', 'reference')

const source = readTree(['src'])
const pages = new Map([
  ['cli.md', await cliPage()],
  ['conformance.md', conformancePage(readTree(['src', 'test']))],
  ['errors.md', errorsPage(source)],
  ['records.md', recordsPage(source)],
])

mkdirSync(FOLDER, { recursive: true })
const stale = readdirSync(FOLDER).filter((name) => !pages.has(name))
const changed = [...pages].filter(([name, text]) => readPage(name) !== text).map(([name]) => name)

if (process.argv.includes('--check')) {
  const wrong = [...changed, ...stale].map((name) => `docs/reference/${name}`)
  if (wrong.length > 0) {
    process.stderr.write(
      `error: ${wrong.join(', ')} do not say what the code says (docs.stale)\nnext: \`npm run docs\`\n`,
    )
    process.exitCode = 1
  }
} else {
  for (const name of stale) rmSync(join(FOLDER, name), { recursive: true })
  for (const name of changed) writeFileSync(join(FOLDER, name), pages.get(name)!)
  process.stderr.write(`docs/reference: ${changed.length} of ${pages.size} pages written\n`)
}

/** A page as it stands; undefined where there is none. */
function readPage(name: string): string | undefined {
  if (!readdirSync(FOLDER).includes(name)) return undefined
  return readFileSync(join(FOLDER, name), 'utf8')
}
