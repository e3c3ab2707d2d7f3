// Holds the tests of what we write: every example compiles, parses or runs, every command, link and code named is there.

import assert from 'node:assert/strict'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { before, suite, test } from 'node:test'
import type { Command } from 'commander'
import { ROOT } from '../../scripts/source/tree.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { webSystem } from '../../src/gateway/egress/web-system.ts'
import { proposedEffects, readTool } from '../../src/gateway/upstream/definition.ts'
import { Network } from '../../src/gateway/net/network.ts'
import { UpstreamProcess } from '../../src/gateway/upstream/process.ts'
import { Conversation } from '../../src/gateway/upstream/conversation.ts'
import { StdioCarrier } from '../../src/gateway/upstream/stdio.ts'
import { gatewayFault } from '../../src/gateway/faults.ts'
import { compilePolicySet, type PolicySource } from '../../src/policy/load.ts'
import { actionsOfOpenApi } from '../../src/policy/reality/openapi.ts'
import { fillPlaceholders } from '../../src/policy/placeholder.ts'
import type { PolicySet } from '../../src/policy/set.ts'
import { utf8 } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { isObject, parseJson, type Json } from '../../src/std/json.ts'
import { systemTimer } from '../../src/std/timer.ts'
import type { DecisionRequest } from '../../src/wire/decision.ts'
import type { HistoryFacts } from '../../src/wire/history.ts'
import type { SystemDefinition } from '../../src/wire/system.ts'
import type { TaskFacts } from '../../src/wire/task.ts'
import { officialServer } from './bailiwick.ts'
import {
  anchorsOf,
  blocksOf,
  codeOf,
  commandsOf,
  linksOf,
  shellLines,
  type Block,
} from './markdown.ts'
import { marked, PAGES } from './pages.ts'

/** The pages that the generator writes have tests of their own for what stands in their blocks. */
const WRITTEN = [...PAGES].filter(([path]) => !path.startsWith('docs/reference/'))

function blocks(language: string): [where: string, block: Block][] {
  return WRITTEN.flatMap(([path, text]) =>
    blocksOf(text)
      .filter((block) => block.language === language)
      .map((block): [string, Block] => [`${path}:${block.line}`, block]),
  )
}

/** A system of these tools, with the effects that their hints propose, as `system add` pins it. */
function system(name: string, tools: readonly Json[]): SystemDefinition {
  const actions = tools.map((tool) => {
    const action = readTool(tool)
    if (typeof action === 'string') throw new Error(`${name}: ${action}`)
    return { ...action, effects: proposedEffects(action) }
  })
  const transport = { kind: 'stdio', command: '/bin/true', args: [], env: [] } as const
  const server = { name, version: '1.0.0' }
  return {
    name,
    transport,
    era: '2026-07-28',
    server,
    actions,
    maxProcesses: 1,
    digest: `sha256:${name}`,
  }
}

/** The same of a server that is started and asked. */
async function realSystem(name: string, words: readonly string[]): Promise<SystemDefinition> {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-docs-'))
  const [command = '', ...args] = words
  const started = new UpstreamProcess({
    transport: { kind: 'stdio', command, args, env: [] },
    secrets: {},
    home,
    environment: process.env,
    sandbox: { mode: 'off', bwrap: undefined, closed: [], network: new Network() },
  })
  const silent = (): void => undefined
  const session = new Conversation({
    carrier: (receiver) => new StdioCarrier(started, receiver),
    events: { onGarbage: silent, onNews: silent },
  })
  try {
    await session.open(undefined)
    const { tools } = await session.describe()
    const actions = tools.map((action) => ({ ...action, effects: proposedEffects(action) }))
    return { ...system(name, []), actions }
  } finally {
    session.close(gatewayFault('upstream.unavailable', 'the test is over'))
    await started.gone
    rmSync(home, { recursive: true, force: true })
  }
}

/** What people may have done on their behalf in the starter set: the half of every decision that examples take for granted. */
const PEOPLE: PolicySource = {
  file: 'people.cedar',
  text: readFileSync(join(ROOT, 'policies', 'people.cedar'), 'utf8'),
}

const EXPECT =
  /^(allow|deny|hold) ([a-z-]+)\/([\w.-]+) (\{.*\})(?: agent ([\w ]+?))?(?: person ([\w ]+?))?( unattended)?( taskless)?(?: hourly (\d+))?(?: scope (\S+)(?: if (.+?))?)?(?: told (.+?))?(?: next (.+))?$/

/** Counts of a lineage that made so many calls of one kind within the hour. */
function history(hourly: string | undefined): HistoryFacts {
  const none = { minute: 0, hour: 0, day: 0 }
  const some = { minute: 0, hour: Number(hourly ?? 0), day: Number(hourly ?? 0) }
  const counts = { calls: some, writes: some, same: some, recipients: none, money: none }
  const rest = { denials: none, errors: none, bytes: none }
  return { ...counts, ...rest, actions: [], labels: [] }
}

/** A task of the person, with a scope of one line. */
function taskOf(action = '*', when?: string): TaskFacts {
  const scope = [{ action, ...(when !== undefined && { when }) }]
  const scopeDigest = JSON.stringify(scope)
  const endsAt = Date.parse('2026-11-23T18:00:00Z')
  return { id: 't1', intent: 'an example', person: 'per_1', scope, budget: {}, endsAt, scopeDigest }
}

/**
 * Holds a policy set against one line `expect ANSWER SYSTEM/ACTION {…} [agent ROLE…] [person ROLE…] [unattended] [taskless]
 * [hourly CALLS] [scope PATTERN [if CONDITION]] [told TEXT] [next ADVICE]`. Where nothing is said of it, the person is an operator
 * and the task covers everything.
 */
function expectDecision(set: PolicySet, systems: readonly SystemDefinition[], line: string): void {
  const match = EXPECT.exec(line)
  assert.ok(match, `\`${line}\` is no expectation`)
  const [, answer, name, action, text = '', agent, person, unattended, taskless, ...more] = match
  const [hourly, pattern, condition, told, next] = more
  const pinned = systems.find((one) => one.name === name)?.actions.find((a) => a.name === action)
  assert.ok(pinned, `\`${line}\` names an action that the block does not know`)
  const input = parseJson(utf8(text))
  assert.ok(isObject(input))
  const request: DecisionRequest = {
    agent: { instance: 'i1', name: 'example-agent', roles: agent?.split(' ') ?? [] },
    ...(unattended === undefined && {
      person: { id: 'per_1', roles: person?.split(' ') ?? ['operator'] },
    }),
    ...(taskless === undefined && { task: taskOf(pattern, condition) }),
    history: history(hourly),
    system: name!,
    action: action!,
    input,
    effects: pinned.effects,
    now: Date.parse('2026-11-23T10:00:00Z'),
    setAside: new Set(),
  }
  const decision = set.decide(request)
  assert.equal(decision.answer, answer, `${line}: ${JSON.stringify(decision.parties)}`)
  if (told !== undefined) assert.equal(decision.reason, told)
  if (next !== undefined) assert.equal(set.advise(request, decision).join('; or: '), next)
}

suite('policies', () => {
  const systems = new Map<string, SystemDefinition>()

  before(async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'bailiwick-docs-'))
    const real = await Promise.all([
      realSystem('notes', [process.execPath, join(ROOT, 'examples', 'notes-server.mjs')]),
      realSystem('filesystem', [...officialServer('server-filesystem'), scratch]),
      realSystem('everything', officialServer('server-everything')),
    ])
    rmSync(scratch, { recursive: true, force: true })
    for (const one of [...real, webSystem()]) systems.set(one.name, one)
    for (const [where, block] of blocks('json')) {
      for (const name of marked(block, 'system')) {
        const tree = parseJson(utf8(block.text))
        assert.ok(isObject(tree) && Array.isArray(tree['tools']), `${where} lists no tools`)
        systems.set(name, system(name, tree['tools']))
      }
      for (const marking of marked(block, 'openapi')) {
        const { actions, problems } = actionsOfOpenApi(parseJson(utf8(block.text)), 'api')
        assert.deepEqual(problems, [], where)
        systems.set(marking, { ...system(marking, []), actions })
      }
    }
  })

  test('every .cedar file of examples/ and policies/ compiles against the servers that it is for', () => {
    const files = globSync('{examples,policies}/**/*.cedar', { cwd: ROOT })
    assert.ok(files.length >= 4, `${files.length} files`)
    for (const file of files) {
      const text = fillPlaceholders(readFileSync(join(ROOT, file), 'utf8'), { scratch: '/scratch' })
      const compiled = compilePolicySet({
        sources: [{ file, text }],
        systems: [...systems.values()],
      })
      assert.deepEqual(compiled.ok ? compiled.warnings : compiled.problems, [], file)
    }
  })

  test('every cedar block compiles against the systems named above it, and decides what it says', () => {
    const found = blocks('cedar')
    let decided = 0
    assert.ok(found.length >= 8, `${found.length} blocks`)
    for (const [where, block] of found) {
      const [named] = marked(block, 'systems')
      assert.ok(named !== undefined, `${where}: say above it: <!-- systems: NAME… -->`)
      const known = named
        .replace(/^:/, '')
        .trim()
        .split(/\s+/)
        .map((name) => systems.get(name) ?? assert.fail(`${where}: no system ${name}`))
      const sources = [{ file: where, text: block.text }, PEOPLE]
      const compiled = compilePolicySet({ sources, systems: known })
      const [refused] = marked(block, 'refused')
      if (refused !== undefined) {
        const problems = compiled.ok ? [] : compiled.problems
        assert.equal(problems[0]?.code, refused, where)
        continue
      }
      if (!compiled.ok) assert.fail(`${where}: ${JSON.stringify(compiled.problems)}`)
      assert.deepEqual(compiled.warnings, [], where)
      for (const line of marked(block, 'expect')) {
        expectDecision(compiled.set, known, line)
        decided++
      }
    }
    assert.ok(decided >= 20, `${decided} decisions`)
  })
})

test('every json block is JSON', () => {
  const found = blocks('json')
  assert.ok(found.length >= 5, `${found.length} blocks`)
  for (const [where, block] of found) {
    assert.doesNotThrow(() => parseJson(utf8(block.text)), where)
  }
})

/** Why some words are no command line of ours; undefined when they are. `bare` lets a noun stand without its verb. */
function commandProblem(
  program: Command,
  words: readonly string[],
  bare: boolean,
): string | undefined {
  let command = program
  let given = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (word === '--') {
      given += words.length - at - 1
      break
    }
    if (/^-{1,2}[a-z]/i.test(word)) {
      const [flag] = word.split('=', 1)
      const known = [command, program].flatMap(({ options }) => options)
      const option = known.find(({ short, long }) => short === flag || long === flag)
      if (option === undefined && flag !== '--help' && flag !== '-h') return `no option ${flag}`
      if (option !== undefined && option.required && !word.includes('=')) at++
      continue
    }
    const below = given === 0 ? command.commands.find((one) => one.name() === word) : undefined
    if (below !== undefined) command = below
    else if (command.commands.length > 0) return `no command ${word}`
    else given++
  }
  if (command.commands.length > 0)
    return bare || words.some((w) => w === '--help') ? undefined : 'a verb is missing'
  const wanted = command.registeredArguments
  if (!bare && given < wanted.filter(({ required }) => required).length)
    return 'an argument is missing'
  const variadic = wanted.at(-1)?.variadic === true
  return !variadic && given > wanted.length ? 'too many arguments' : undefined
}

async function wholeProgram(): Promise<Command> {
  const shell = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: {},
    cwd: ROOT,
    clock: systemClock,
    timer: systemTimer,
    entropy: systemEntropy,
    interrupted: new AbortController().signal,
  }
  return buildProgram(shell, [], true)
}

test('every command line of the docs names commands and options that there are', async () => {
  const program = await wholeProgram()
  assert.match(commandProblem(program, ['lock', 'add', 'agent'], false) ?? 'fine', /fine/)
  assert.equal(commandProblem(program, ['lock', 'create'], false), 'no command create')
  assert.equal(
    commandProblem(program, ['lock', 'add', 'agent', '--force'], false),
    'no option --force',
  )
  assert.equal(commandProblem(program, ['lock', 'add'], false), 'an argument is missing')
  const wrong: string[] = []
  let seen = 0
  const look = (where: string, line: string, bare: boolean): void => {
    for (const words of commandsOf(line)) {
      seen++
      const problem = commandProblem(program, words, bare)
      if (problem !== undefined) wrong.push(`${where}: ${line.trim()}: ${problem}`)
    }
  }
  for (const [where, block] of blocks('sh')) {
    for (const line of shellLines(block.text)) look(where, line, false)
  }
  for (const [path, text] of PAGES) {
    if (path.startsWith('docs/reference/cli')) continue
    for (const code of codeOf(text)) look(path, code, true)
  }
  assert.ok(seen >= 60, `${seen} command lines`)
  assert.deepEqual(wrong, [])
})

test('every relative link of the docs leads to a file, and to a heading where it names one', () => {
  const wrong: string[] = []
  let seen = 0
  for (const [path, text] of PAGES) {
    for (const link of linksOf(text)) {
      seen++
      const [file = '', anchor] = link.split('#', 2)
      const target = file === '' ? path : normalize(join(dirname(path), file))
      if (!existsSync(join(ROOT, target))) wrong.push(`${path}: ${link}`)
      else if (anchor !== undefined && !anchorsOf(PAGES.get(target) ?? '').has(anchor)) {
        wrong.push(`${path}: ${link}: no such heading`)
      }
    }
  }
  assert.ok(seen >= 60, `${seen} links`)
  assert.deepEqual(wrong, [])
})

test('every error code and record type that the docs name is one of ours', () => {
  // Both pages are generated from the code, and refused by a check where they are not what the code says.
  const listed = (page: string): string[] =>
    [...PAGES.get(page)!.matchAll(/^\| `([a-z_.]+)` +\|/gm)].map((match) => match[1]!)
  const known = new Set(
    ['errors', 'records'].flatMap((name) => listed(`docs/reference/${name}.md`)),
  )
  assert.ok(known.size > 150, `${known.size} codes and types`)
  const families = new Set([...known].map((code) => code.split('.', 1)[0]))
  const wrong: string[] = []
  let seen = 0
  for (const [path, text] of PAGES) {
    for (const code of codeOf(text)) {
      // `operator.json` is a file.
      if (
        !/^[a-z_]+\.(?!(?:json|pem|vkey|key|db|log|ts|policy|sqlite|witnessed)$)[a-z_]+$/.test(code)
      )
        continue
      if (!families.has(code.split('.', 1)[0])) continue
      seen++
      if (!known.has(code)) wrong.push(`${path}: ${code}`)
    }
  }
  assert.ok(seen >= 60, `${seen} codes`)
  assert.deepEqual(wrong, [])
})

test('every file of ours that the docs name in code is there', () => {
  const wrong: string[] = []
  for (const [path, text] of PAGES) {
    for (const code of codeOf(text)) {
      if (!/^(?:src|test|docs|examples|policies|bench|scripts)\/[\w./-]*$/.test(code)) continue
      if (!existsSync(join(ROOT, code))) wrong.push(`${path}: ${code}`)
      else if (code.endsWith('/') && !statSync(join(ROOT, code)).isDirectory())
        wrong.push(`${path}: ${code}`)
    }
  }
  assert.deepEqual(wrong, [])
})
