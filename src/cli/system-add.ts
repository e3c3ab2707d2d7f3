// Holds `system add`: a system is started once and looked at, and what was seen is pinned after a person's yes.

import { InspectAnswer, System, type Action } from '../wire/api/system.ts'
import { EFFECTS, isEffect, type Effect } from '../wire/effect.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { candidateOf, type CandidateOptions } from './system/candidate.ts'
import { passingOf } from './system/passing.ts'
import { saidOf, type Said, type SaidOptions } from './system/said.ts'
import { confirm } from './terminal/ask.ts'
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
    `fingerprint ${inspected.fingerprint}\n`,
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
