// Holds finding and reading the files of policy tests: strict YAML, each thing that is wrong told by its place.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { PolicyTestFile } from '../../wire/policy-test.ts'
import { DocumentFault, type Trouble } from '../apply/faults.ts'
import { readYaml } from '../apply/yaml.ts'
import { fault } from '../faults.ts'

/** Bytes of one file, and files of one run. */
const MOST_BYTES = 1_048_576
const MOST_FILES = 1_000

const SUFFIX = /\.test\.ya?ml$/
const decoder = new TextDecoder('utf-8', { fatal: true })

/** One file of tests, with the line of each. */
export interface TestFile {
  readonly file: string
  readonly tests: PolicyTestFile
  /** Of the test with that place in the file, from 1. */
  readonly lines: readonly number[]
}

/** What a command line names: where the policies are, and which files test them. */
export interface Named {
  readonly policies: readonly string[]
  readonly files: readonly { readonly path: string; readonly file: string }[]
}

/** Hidden files and folders are passed over, and links are not followed. */
function under(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.')) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return under(path)
    return entry.isFile() && SUFFIX.test(entry.name) ? [path] : []
  })
}

/**
 * A folder is a set of policies and its tests; a file of tests alone tests the policies of its folder. Throws `cli.file` where a
 * path is not there, or no test is found.
 */
export function namedTests(paths: readonly string[], cwd: string): Named {
  const given = paths.map((path) => {
    const whole = resolve(cwd, path)
    const stat = statSync(whole, { throwIfNoEntry: false })
    if (stat === undefined) throw fault('cli.file', `${path} cannot be read`)
    return { path, whole, folder: stat.isDirectory() }
  })
  const tests = given.filter(({ path, folder }) => !folder && SUFFIX.test(path))
  const others = given.filter((one) => !tests.includes(one))
  const files = [
    ...others.flatMap(({ whole, folder }) =>
      folder
        ? under(whole).map((path) => ({
            path,
            file: relative(whole, path).split(sep).join('/'),
          }))
        : [],
    ),
    ...tests.map(({ whole }) => ({ path: whole, file: basename(whole) })),
  ].sort((a, b) => (a.file < b.file ? -1 : 1))
  if (files.length === 0) throw fault('cli.file', 'there is no .test.yaml file here')
  if (files.length > MOST_FILES) throw fault('cli.file', `there are more than ${MOST_FILES} files`)
  const policies =
    others.length > 0
      ? others.map(({ path }) => path)
      : [...new Set(tests.map(({ whole }) => dirname(whole)))]
  return { policies, files }
}

function textOf(path: string, file: string): string {
  const bytes = readFileSync(path)
  if (bytes.length > MOST_BYTES) throw fault('cli.file', `${file} is larger than 1 MiB`)
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw fault('cli.file', `${file} is no UTF-8 text`, cause)
  }
}

/** Reads one file. Throws with every place that is wrong. */
export function readTests(path: string, file: string): TestFile {
  const [document, more] = readYaml({ file, text: textOf(path, file) })
  if (document === undefined) throw fault('cli.file', `${file} is empty`)
  if (more !== undefined) throw new DocumentFault([more.trouble([], 'one document is enough')])
  const read = PolicyTestFile.safeParse(document.tree)
  if (!read.success) {
    const troubles = read.error.issues.flatMap((issue): Trouble[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) =>
            document.trouble([...issue.path, key], `\`${key.slice(0, 64)}\` is not known here`),
          )
        : [document.trouble(issue.path, `${issue.path.join('.') || 'it'}: ${issue.message}`)],
    )
    throw new DocumentFault(troubles)
  }
  const lines = read.data.tests.map((_, at) => document.trouble(['tests', at], '').line)
  return { file, tests: read.data, lines }
}
