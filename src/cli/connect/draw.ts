// Holds what people see of connecting: what was found, what changes, and what follows from it.

import type { Client } from './clients.ts'
import type { ConnectedAgent } from './agent.ts'
import type { Outcome } from './outcome.ts'
import { drawDifference } from './difference.ts'
import type { PlannedFile } from './plan.ts'
import { unopened, type Looked } from './systems.ts'
import { drawActions } from '../terminal/system.ts'
import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'
import { when } from '../terminal/when.ts'

/** What the built-in tools of a client are governed by, wherever that is said. */
export const ADVICE =
  'hooks are advice, not enforcement: the agent can rewrite its own settings; for enforcement start it with `bailiwick run`'

/** A file with what it would become. */
type Plan = PlannedFile & { readonly after: string }

/** The tools of each server, with their effects. */
export function drawFound(looked: readonly Looked[], surface: Surface): string {
  return looked
    .map(({ system, actions, answer }) => {
      const head = `${surface.paint('bold', visible(system))}  ${visible(answer.definition.server.name)} ${visible(answer.definition.server.version)}\n`
      const notes = answer.warnings.map(
        (text) => `${surface.paint('yellow', 'warning:')} ${visible(text)}\n`,
      )
      return `${head}${drawActions(actions, surface, new Map())}${notes.join('')}\n`
    })
    .join('')
}

function valuesOf({ entries }: PlannedFile): string[] {
  return entries.flatMap(({ values }) => [...(values?.values() ?? [])].map(({ value }) => value))
}

/** What changes in each file, and what stays and why. */
export function drawPlan(files: readonly Plan[], surface: Surface): string {
  return files
    .map((file) => {
      const { after, entries } = file
      const head = `${surface.paint('bold', visible(file.file.path))}\n`
      const change = drawDifference(file.file.text, after, valuesOf(file), surface)
      const rest = entries
        .filter(({ fate }) => fate !== 'connect')
        .map(({ name, fate, why, system }) =>
          fate === 'ours'
            ? `${visible(name)} goes through Bailiwick already, as ${system ?? ''}\n`
            : `${surface.paint('yellow', 'left as it is:')} ${visible(name)}: ${visible(why ?? '')}\n`,
        )
      return `${head}${change}${rest.join('')}\n`
    })
    .join('')
}

/** True for a program that reaches no other host. */
function isCutOff(transport: Looked['answer']['definition']['transport']): boolean {
  if (transport.kind !== 'stdio') return false
  const { off, network = [] } = transport.sandbox ?? {}
  return off !== true && network.length === 0
}

/** Places of a file where a value that was moved still stands: in a comment, in another entry. */
function leftOver(file: Plan): string[] {
  const lines = file.after.split(/\r?\n/)
  const exposed = file.entries.flatMap(({ values }) =>
    [...(values?.values() ?? [])].filter((one) => one.exposed).map(({ value }) => value),
  )
  return lines.flatMap((line, at) =>
    exposed.some((value) => value.length >= 8 && line.includes(value))
      ? [`${file.file.path}:${at + 1} still holds a value that was moved: take it away by hand`]
      : [],
  )
}

function told(of: After, surface: Surface, now: number): string[] {
  const { made, looked, files, agent } = of
  const closed = looked.flatMap(({ system, actions }) =>
    unopened(actions).map(({ name }) => `${system}/${name}`),
  )
  const moved = files.flatMap(({ entries }) =>
    entries.flatMap(({ values }) => [...(values?.values() ?? [])].filter((one) => one.exposed)),
  )
  const environment = [
    ...new Set(files.flatMap(({ entries }) => entries.flatMap(({ envFile }) => envFile ?? []))),
  ]
  const until = made?.agent.observe?.until
  const out: string[] = []
  if (of.unruled) {
    out.push(
      `${surface.paint('yellow', 'no policies are in force:')} observing opens what agents may not do, and nothing that people may not: say first what you may do, for example with policies/people.cedar (bailiwick policy apply)`,
    )
  }
  if (until !== undefined) {
    out.push(
      `until ${when(until, now)} reads and writes go on and are recorded, whatever policy says`,
    )
    out.push(
      `then, or before: bailiwick policy suggest ${agent}   proposes the policy that covers what was used`,
    )
  } else if (made?.unobserved !== undefined) {
    out.push(
      `${surface.paint('yellow', 'not observed:')} ${visible(made.unobserved)}; what no policy permits is denied`,
    )
  }
  if (closed.length > 0 && made !== undefined) {
    const some = closed.slice(0, 8).map(visible).join(', ')
    const more = closed.length > 8 ? ` and ${closed.length - 8} more` : ''
    out.push(
      `denied until a policy permits them, as what they do is not known to be reading or writing: ${some}${more}`,
    )
    out.push(
      'say what they do if you know: bailiwick system label, or connect --effects SYSTEM/ACTION=read,write',
    )
  }
  const cut = looked.filter(({ answer }) => isCutOff(answer.definition.transport))
  if (cut.length > 0 && made !== undefined) {
    const names = cut.map(({ system }) => system).join(', ')
    out.push(
      `in a sandbox without network: ${names}; where one needs it: bailiwick disconnect ${of.client.name}, then connect --network SYSTEM=HOST`,
    )
  }
  if (moved.length > 0) {
    out.push(
      `${moved.length} credentials stood in clear: replace each at its provider, then close its finding: bailiwick finding ls`,
    )
  }
  for (const file of environment)
    out.push(
      `${visible(file)} still holds its values: take them away where nothing else reads them`,
    )
  return [...out, ...files.flatMap(leftOver).map(visible)]
}

interface After {
  readonly client: Client
  readonly agent: string
  readonly made: ConnectedAgent | undefined
  readonly looked: readonly Looked[]
  readonly files: readonly Plan[]
  readonly outcomes: readonly Outcome[]
  readonly hooks: string | undefined
  /** True where no policies are in force. */
  readonly unruled: boolean
}

/** What was done, and what comes next. */
export function tellAfter(of: After, surface: Surface, now: number): string {
  const { client, looked, outcomes, hooks } = of
  const ways = { connected: 'through Bailiwick', already: 'was so already', left: 'left as it is' }
  const lines = outcomes.map(
    ({ server, state, system, why }) =>
      `${visible(server)}: ${ways[state]}${system === undefined ? '' : ` as ${visible(system)}`}${why === undefined ? '' : `: ${visible(why)}`}`,
  )
  if (hooks !== undefined) lines.push(`hooks: ${visible(hooks)}`, surface.paint('yellow', ADVICE))
  lines.push(...told(of, surface, now))
  if (looked.length > 0) lines.push(client.restart)
  lines.push(`back as it was: bailiwick disconnect ${client.name}`)
  return `${lines.join('\n')}\n`
}
