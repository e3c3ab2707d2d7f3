// Holds `system add`: a system is started once and looked at, and what was seen is pinned after a person's yes.

import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { InspectAnswer, System, type Action } from '../wire/api/system.ts'
import { EFFECTS, isEffect, type Effect } from '../wire/effect.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { candidateOf, type CandidateOptions } from './system/candidate.ts'
import { passingOf } from './system/passing.ts'
import { saidOf, type Said, type SaidOptions } from './system/said.ts'
import { askSecret, canAsk, confirm } from './terminal/ask.ts'
import { drawSigns } from './terminal/sign.ts'
import { drawActions, identityText } from './terminal/system.ts'
import type { Surface } from './terminal/table.ts'
import { visible } from './terminal/visible.ts'

/** Options of the command. */
export interface AddOptions extends SaidOptions, CandidateOptions {
  readonly allowChanges?: string
  readonly maxProcesses?: number
  readonly environment?: string
  readonly reason?: string
  readonly dryRun?: boolean
}

/** Starting somebody's program for the first time may fetch things (ms). */
const START_MS = 180_000

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us: the search goes on.
    return false
  }
}

/** The whole path of a program as this shell would find it: the server's own PATH may well be another. */
export function findProgram(
  command: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const folders = command.includes('/') ? [cwd] : (env['PATH'] ?? '').split(delimiter)
  for (const folder of folders) {
    const path = command.includes('/') ? resolve(folder, command) : join(folder, command)
    if (folder !== '' && executable(path)) return path
  }
  throw fault('cli.command_not_found', `\`${command.slice(0, 256)}\` is no program that can be run`)
}

/** `NAME=VALUE` lines; `#` starts a comment line, a pair of quotes around a value is taken off. Never quotes a value. */
export function parseEnvFile(text: string, file: string): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line)
    if (match === null) throw fault('cli.file', `line ${at + 1} of ${file} is not NAME=VALUE`)
    const value = match[2]!.trim()
    out[match[1]!] = /^(["']).*\1$/s.test(value) && value.length > 1 ? value.slice(1, -1) : value
  }
  return out
}

/** Values of the variables that were named, from the file, from here, or asked for. */
export async function secretsOf(
  context: Context,
  options: Pick<CandidateOptions, 'env' | 'envFile'>,
): Promise<Record<string, string>> {
  const { shell, asking } = context
  const out: Record<string, string> = {}
  if (options.envFile !== undefined) {
    let text: string
    try {
      text = readFileSync(resolve(shell.cwd, options.envFile), 'utf8')
    } catch (cause) {
      throw fault('cli.file', `${options.envFile} cannot be read`, cause)
    }
    Object.assign(out, parseEnvFile(text, options.envFile))
  }
  for (const name of options.env ?? []) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      // Whoever wrote NAME=VALUE has just shown the value to every process of this machine; it is not repeated here.
      const what = name.includes('=') ? 'a value never belongs on a command line' : 'not a name'
      throw fault('cli.usage', `--env takes the name of a variable: ${what}`)
    }
    const here = shell.env[name] ?? out[name]
    if (here !== undefined) out[name] = here
    else if (canAsk(shell, asking)) out[name] = await askSecret(shell, `Value of ${name}`)
    else throw fault('cli.usage', `the variable ${name} is not set here`)
  }
  return out
}

/** `action=label,label` entries by action. */
export function parseEffects(entries: readonly string[]): Map<string, Effect[]> {
  const out = new Map<string, Effect[]>()
  for (const entry of entries) {
    const at = entry.lastIndexOf('=')
    const action = entry.slice(0, Math.max(at, 0))
    if (action === '') throw fault('cli.usage', '--effects takes ACTION=LABEL,LABEL')
    const labels = entry
      .slice(at + 1)
      .split(',')
      .filter((label) => label !== '')
    const unknown = labels.find((label) => !isEffect(label))
    if (unknown !== undefined) {
      throw fault('cli.usage', `\`${unknown}\` is no effect: ${EFFECTS.join(', ')}`)
    }
    out.set(action, labels.filter(isEffect))
  }
  return out
}

/** The actions with what the person said of them instead of what was proposed. */
function labelled(
  actions: readonly Action[],
  given: ReadonlyMap<string, Effect[]>,
  said: Said,
): Action[] {
  for (const name of [...given.keys(), ...Object.keys(said)]) {
    if (!actions.some((action) => action.name === name)) {
      throw fault('cli.usage', `the system has no action \`${name.slice(0, 128)}\``)
    }
  }
  return actions.map((action) => {
    const { effects, labels, measures, triggers } = said[action.name] ?? {}
    return {
      ...action,
      effects: given.get(action.name) ?? effects ?? action.effects,
      ...(labels !== undefined && { labels }),
      ...(measures !== undefined && { measures }),
      ...(triggers !== undefined && { triggers }),
    }
  })
}

function draw(inspected: InspectAnswer, actions: readonly Action[], surface: Surface): string {
  const { definition, pinned, warnings } = inspected
  const { name, version } = definition.server
  // Where nothing is pinned yet, everything is new, and saying so at every line says nothing.
  const compared = pinned === null ? [] : inspected.changes
  const changes = new Map(compared.map(({ action, change }) => [action, change]))
  const what = definition.era === undefined ? 'is described' : `speaks MCP ${definition.era}`
  const head = `${surface.paint('bold', visible(`${name} ${version}`))} ${what}\n`
  const removed = inspected.changes
    .filter(({ change }) => change === 'removed')
    .map(({ action }) => `${surface.paint('red', 'removed:')} ${visible(action)}\n`)
  const notes = warnings.map((text) => `${surface.paint('yellow', 'warning:')} ${visible(text)}\n`)
  const same = pinned === inspected.fingerprint ? 'the same as what is pinned now\n' : ''
  const broken = inspected.breaks.map(
    ({ file, line, column, message }) =>
      `${surface.paint('red', 'breaks a policy:')} ${visible(`${file}:${line}:${column}: ${message}`)}\n`,
  )
  if (broken.length > 0) {
    broken.push(`${visible(definition.name)} would be isolated until these policies are mended\n`)
  }
  const signs = drawSigns(inspected.signs, surface)
  const known = identityText(definition)
  return [
    head,
    ...(known === undefined ? [] : [`known by ${visible(known)}\n`]),
    drawActions(actions, surface, changes),
    ...promptLines(definition),
    ...removed,
    same,
    ...notes,
    signs,
    ...broken,
  ].join('')
}

function promptLines({ prompts = [], templates = [] }: InspectAnswer['definition']): string[] {
  return [
    ...prompts.map(
      ({ name, description = '' }) => `prompt ${visible(`${name}  ${description}`)}\n`,
    ),
    ...templates.map(({ uri_template: uri }) => `resources ${visible(uri)}\n`),
  ]
}

/** What was said besides effects. */
function factsOf(said: Said): Said {
  const facts = Object.entries(said).map(([name, { effects: _effects, ...more }]) => [name, more])
  return Object.fromEntries(facts) as Said
}

/** Runs the command. */
export async function add(
  context: Context,
  name: string,
  words: readonly string[],
  options: AddOptions,
): Promise<void> {
  const { screen, shell, asking } = context
  const given = parseEffects(options.effects ?? [])
  const said = saidOf(shell.cwd, options)
  const passing = passingOf(options.allowChanges)
  const asked = { name, ...(await candidateOf(context, words, options)) }
  const control = await context.control()
  const inspected = await control.send(
    'POST',
    '/v1/systems/inspect',
    asked,
    InspectAnswer,
    START_MS,
  )
  const actions = labelled(inspected.definition.actions, given, said)
  if (options.dryRun === true) {
    const answer = { ...inspected, definition: { ...inspected.definition, actions } }
    screen.answer(answer, (surface) => draw(inspected, actions, surface))
    screen.say('nothing was pinned: --dry-run')
    return
  }
  screen.show(draw(inspected, actions, screen.talk))
  await confirm(
    shell,
    asking,
    `Pin ${name} with exactly these ${actions.length} actions and effects?`,
  )
  const body = {
    ...asked,
    effects: Object.fromEntries(actions.map((action) => [action.name, action.effects])),
    facts: factsOf(said),
    fingerprint: inspected.fingerprint,
    reason: options.reason ?? 'looked at and pinned',
    max_processes: options.maxProcesses,
    environment: options.environment,
    passing,
  }
  const system = await control.send('POST', '/v1/systems', body, System, START_MS)
  screen.answer(
    system,
    () => `pinned ${system.name}: ${system.actions.length} actions, ${system.digest}\n`,
  )
  if (system.isolated.length > 0) {
    screen.say(`${name} is isolated: mend the policies that do not hold with it, and apply them`)
  }
}
