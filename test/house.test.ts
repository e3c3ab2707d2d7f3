// Holds the house rules as tests: who may import whom, what is dead, how large a file grows, and what stands nowhere.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { referencesOf } from '../scripts/source/references.ts'
import { linesWith, tokensOf, type Token } from '../scripts/source/tokens.ts'
import { cyclesOf, reachable, readTree, ROOT } from '../scripts/source/tree.ts'

const tree = readTree(['src', 'test', 'bench', 'scripts'])
const files = [...tree.values()]
const source = files.filter(({ path }) => path.startsWith('src/'))

/** Fewer than this, and the rules below looked at the wrong folder. Raise it as the house grows. */
const SOURCE_FILES_MIN = 280

/** DESIGN §3: a folder of `src` may import itself and what its line lists, as a type or otherwise. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  std: [],
  wire: ['std'],
  tlog: ['std'],
  policy: ['std', 'wire'],
  sdk: ['wire'],
  store: ['std', 'wire'],
  keys: ['std', 'wire'],
  audit: ['std', 'wire', 'tlog', 'store', 'keys'],
  authority: ['std', 'wire', 'store', 'keys', 'policy', 'audit'],
  gateway: ['std', 'wire', 'policy'],
  detect: ['std', 'wire', 'audit'],
  api: ['std', 'wire', 'policy', 'authority', 'audit', 'detect'],
  // prettier-ignore
  server: ['std', 'wire', 'tlog', 'policy', 'store', 'keys', 'audit', 'authority', 'gateway', 'detect', 'api'],
  cli: ['std', 'wire', 'server'],
}

/** What the other folders may import. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  src: ['src'],
  test: ['src', 'test', 'bench', 'scripts'],
  bench: ['src', 'bench'],
  scripts: ['src', 'scripts'],
}

/** Floors that do no I/O, and the modules of Node that they may use all the same. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  tlog: ['node:crypto'],
  // `node:module` finds the Cedar library, which is CommonJS.
  policy: ['node:crypto', 'node:module'],
}

/** Where a program starts. Tests start by themselves, but keep nothing in `src` alive. */
const PROGRAMS = ['src/cli/main.ts', 'bench/main.ts']
const OWN_STARTS = [
  'test/crash/main.ts',
  'test/differential/main.ts',
  'test/interop/go-spiffe.ts',
  'test/model/main.ts',
  'test/fault/main.ts',
  'test/soak/main.ts',
  'scripts/docs.ts',
  'test/conformance/print-parity.ts',
]
/** Published on its own; the console imports it. */
const PUBLISHED = ['src/sdk/types.ts', 'src/sdk/proof/verify.ts']

const LINES_MAX = 450
const LINES_P95_MAX = 450
const LINES_MEDIAN_MAX = 130

const BANNED = new Set([
  'util',
  'utils',
  'common',
  'helper',
  'helpers',
  'misc',
  'manager',
  'managers',
])

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'))
}

function floorOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

function isTest({ path }: { readonly path: string }): boolean {
  return path.endsWith('.test.ts')
}

function none(violations: readonly string[], rule: string): void {
  assert.equal(violations.length, 0, `${rule}:\n  ${violations.join('\n  ')}\n`)
}

test('the rules look at every file of the house', () => {
  assert.ok(
    source.length >= SOURCE_FILES_MIN,
    `${source.length} files in src, at least ${SOURCE_FILES_MIN} are expected`,
  )
  if (!existsSync(join(ROOT, '.git'))) return
  const list = [
    '-c',
    'safe.directory=*',
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    '*.ts',
  ]
  const known = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)))
    // The console has a program, a type check and rules of its own, below.
    .filter((path) => !path.startsWith('console/'))
  assert.deepEqual([...tree.keys()].sort(), [...new Set(known)].sort())
})

test('the console imports itself and the SDK, and no page reaches for markup or styles as text', () => {
  const pages = globSync('console/**/*.{ts,tsx}', { cwd: ROOT })
  assert.ok(pages.length > 40, `${pages.length} files in console`)
  const wrong = pages.flatMap((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const outside = [...text.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)]
      .map(([, plain, lazy]) => join(path, '..', plain ?? lazy ?? ''))
      .filter((to) => !to.startsWith('console/') && !to.startsWith('src/sdk/'))
    const raw = /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write/.exec(text)
    return [...outside, ...(raw ?? [])].map((what) => `${path}: ${what}`)
  })
  none(wrong, 'the console imports src/sdk alone (DESIGN §3), and text from agents stays text')
})

test('the SDK needs no platform: it imports nothing but itself, and the shapes of the API as types', () => {
  const sdk = globSync('src/sdk/**/*.ts', { cwd: ROOT })
  assert.ok(sdk.length > 5, `${sdk.length} files in src/sdk`)
  const wrong = sdk.flatMap((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const taken = [...text.matchAll(/^(?:import|export) (type )?[^;'"]*? from '([^']+)'/gms)]
      .filter(([, type, from = '']) => {
        const to = from.startsWith('.') ? join(path, '..', from) : from
        return !to.startsWith('src/sdk/') && !(type !== undefined && to.startsWith('src/wire/'))
      })
      .map(([, , from]) => `${path}: imports ${from}`)
    const platform = /\bBuffer\b|\bprocess\.|\brequire\(|\bimport\(/.exec(text)
    return [...taken, ...(platform === null ? [] : [`${path}: ${platform[0]}`])]
  })
  none(wrong, 'src/sdk runs wherever there is WebCrypto (DESIGN §3)')
})

test('the scanner sees every form of a reference, and none in comments and texts', () => {
  const sample = [
    "import a, { type A } from './a.ts' // from './no.ts'",
    "import type { B } from './b.ts'",
    "import './c.ts'",
    "export * from './d.ts'",
    "export { from } from './e.ts'",
    "/* import './no.ts' */ const text = `import './no.ts' ${await import('./f.ts')}`",
    "type G = import('./g.ts').G",
    "new Worker(new URL('./h.ts', import.meta.url))",
    'const quote = /[\'"`]/.test(text) ? 4 / 2 : "import \'./no.ts\'"',
    "require('./i.ts'); Array.from('./no.ts'); new URL('./no.json', import.meta.url)",
  ].join('\n')
  const seen = referencesOf(tokensOf(sample)).map(({ to }) => to)
  assert.deepEqual(
    seen,
    'abcdefghi'.split('').map((name) => `./${name}.ts`),
  )
})

test('every folder of src has a line in the table of floors', () => {
  const floors = [...new Set(source.map(({ path }) => floorOf(path) ?? path))]
  assert.deepEqual(
    floors.filter((floor) => FLOORS[floor] === undefined),
    [],
  )
  assert.deepEqual(
    Object.keys(FLOORS).filter((floor) => !floors.includes(floor)),
    [],
  )
})

test('a floor imports only what its line lists', () => {
  const violations = source.flatMap((file) => {
    const floor = floorOf(file.path) ?? ''
    const allowed = [floor, ...(FLOORS[floor] ?? [])]
    return file.files
      .filter((to) => !(isTest(file) && to.startsWith('test/')))
      .filter((to) => !allowed.includes(floorOf(to) ?? ''))
      .map((to) => `${file.path} → ${to}`)
  })
  none(violations, 'imports that DESIGN §3 does not allow')
})

test('what stands outside of src is not imported from inside', () => {
  const violations = files.flatMap((file) => {
    const allowed = OUTSIDE[folderOf(file.path)] ?? []
    return file.files
      .filter((to) => !(isTest(file) && to.startsWith('test/')))
      .filter((to) => !allowed.includes(folderOf(to)))
      .map((to) => `${file.path} → ${to}`)
  })
  none(violations, 'imports across the top folders')
})

test('every reference leads to a file', () => {
  const violations = files.flatMap((file) =>
    file.files.filter((to) => !existsSync(join(ROOT, to))).map((to) => `${file.path} → ${to}`),
  )
  none(violations, 'references to files that are not there')
})

test('floors that are pure do no input or output', () => {
  const violations = source
    .filter((file) => !isTest(file))
    .flatMap((file) => {
      const allowed = PURE[floorOf(file.path) ?? '']
      if (allowed === undefined) return []
      return file.references
        .filter(({ to }) => to.startsWith('node:') && !allowed.includes(to))
        .map(({ to, line }) => `${file.path}:${line}: ${to}`)
    })
  none(violations, 'pure floors that use the machine')
})

test('no file imports itself by a detour, not even for a type', () => {
  none(cyclesOf(tree), 'cycles')
})

test('no file is dead', () => {
  const alive = reachable(tree, [...PROGRAMS, ...PUBLISHED])
  const tests = files.filter(isTest).map(({ path }) => path)
  const around = reachable(tree, [...tests, ...PROGRAMS, ...OWN_STARTS, ...startedByName()])
  const dead = files.filter(
    (file) => !isTest(file) && !(file.path.startsWith('src/') ? alive : around).has(file.path),
  )
  none(
    dead.map(({ path }) => path),
    'files that no program reaches',
  )
})

/** Programs outside of `src` that a test or a bench starts by their name, as `fakes/upstream.ts`. */
function startedByName(): string[] {
  const outside = files.filter(({ path }) => /^(?:test|bench)\//.test(path))
  return outside.flatMap(({ path, tokens }) => {
    const names = tokens
      .filter(({ kind, text }) => kind === 'text' && /^[\w./-]+\.ts$/.test(text))
      .map(({ text }) => text.replace(/^(?:\.\.?\/)+/, '/').replace(/^(?!\/)/, '/'))
    return outside
      .filter((other) => other.path !== path && names.some((name) => other.path.endsWith(name)))
      .map((other) => other.path)
  })
}

test('files are small', () => {
  const lines = source.map((file) => file.lines).sort((a, b) => a - b)
  const median = lines[Math.floor(lines.length / 2)]!
  const p95 = lines[Math.floor(lines.length * 0.95)]!
  assert.ok(median <= LINES_MEDIAN_MAX, `the median file has ${median} lines`)
  assert.ok(p95 <= LINES_P95_MAX, `the 95th of a hundred files has ${p95} lines`)
  const large = files.filter((file) => file.lines > LINES_MAX)
  none(
    large.map(({ path, lines: count }) => `${path}: ${count}`),
    `more than ${LINES_MAX} lines`,
  )
})

test('no name says that its author had no name', () => {
  const folders = ['src', 'test', 'bench', 'scripts', 'docs', 'policies']
  const paths = globSync(
    folders.map((folder) => `${folder}/**`),
    { cwd: ROOT },
  )
  const violations = paths.filter((path) =>
    path.split(/[/.-]/).some((part) => BANNED.has(part.toLowerCase())),
  )
  none(violations, 'banned names')
})

test('the first line of every file says what it holds', () => {
  const violations = files
    .filter(({ text }) => !/^\/\/ Holds [^\n]{10,}[.?]\n/.test(text))
    .map(({ path, text }) => `${path}: ${text.slice(0, text.indexOf('\n'))}`)
  none(violations, 'first lines that are no sentence that starts `// Holds`')
})

test('time and chance come from std alone', () => {
  const sources = [
    ['Date', '.', 'now'],
    ['new', 'Date', '(', ')'],
    ['Math', '.', 'random'],
    ['performance', '.', 'now'],
    ['process', '.', 'hrtime'],
    ['randomBytes'],
    ['randomUUID'],
    ['randomInt'],
    ['getRandomValues'],
  ]
  const violations = source
    .filter((file) => !isTest(file) && floorOf(file.path) !== 'std')
    .flatMap(({ path, tokens }) =>
      sources.flatMap((words) =>
        linesWith(tokens, words).map((line) => `${path}:${line}: ${words.join('')}`),
      ),
    )
  none(violations, 'clocks and chance outside of std')
})

/** Files that refuse addresses by name. */
const NAMES_ADDRESSES = ['src/authority/gateways/hosts.ts', 'src/authority/gateways/hosts.test.ts']

test('nothing listens beyond this machine', () => {
  const violations = files
    .filter(({ path }) => path !== 'test/house.test.ts' && !NAMES_ADDRESSES.includes(path))
    .flatMap(({ path, tokens }) => wideListeners(tokens).map((line) => `${path}:${line}`))
  none(violations, 'listeners that are not on loopback')
  for (const wide of ["'0.0.0.0'", "listen(0, '::')", 'server.listen(0)', 'listen(port, f)']) {
    assert.equal(wideListeners(tokensOf(wide)).length, 1, wide)
  }
  for (const narrow of [
    "server.listen(0, '127.0.0.1')",
    'listen(port, host, f)',
    'listen({ host })',
  ]) {
    assert.equal(wideListeners(tokensOf(narrow)).length, 0, narrow)
  }
})

/** Lines that name the address of every interface, or with a `listen` that takes a port and no host. */
function wideListeners(tokens: readonly Token[]): number[] {
  return tokens.flatMap((token, at) => {
    if (token.kind === 'text') return token.text.includes('0.0.0.0') ? [token.line] : []
    if (token.text !== 'listen' || tokens[at + 1]?.text !== '(') return []
    const end = tokens.findIndex((next, i) => i > at && next.text === ')' && next.kind === 'mark')
    const given = tokens.slice(at + 2, end).map(({ text }) => text.toLowerCase())
    if (given.includes('::')) return [token.line]
    // Without a port it is a handler, a socket or an interface's own words.
    if (!given.some((text) => /^[0-9]+$|port$/.test(text))) return []
    return given.some((text) => text === '127.0.0.1' || text === 'host') ? [] : [token.line]
  })
}

test('scripts that are no TypeScript say what they hold as well', () => {
  const scripts = globSync('scripts/*.mjs', { cwd: ROOT })
  assert.ok(scripts.length >= 2)
  for (const path of scripts) {
    assert.match(readFileSync(join(ROOT, path), 'utf8'), /^\/\/ Holds .*\.\n/, path)
  }
})

test('every dependency has its reason written down, and no reason is left of one that went', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
  const { dependencies, devDependencies, optionalDependencies } = manifest
  const named = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
  const page = readFileSync(join(ROOT, 'docs/decisions/dependencies.md'), 'utf8')
  const cells = page.split('\n').flatMap((line) => /^\| (`[^|]*`) +\|/.exec(line)?.[1] ?? [])
  const explained = cells.flatMap((cell) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  )
  assert.deepEqual(new Set(explained), new Set(named))
})

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}
