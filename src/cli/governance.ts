// Holds `governance`: changes of who governs, the second word on them, and the four-eyes rule itself.

import { Option, type Command } from 'commander'
import {
  Governance,
  GovernanceAnswer,
  GovernanceChange,
  GovernanceSeenAnswer,
} from '../wire/api/governance.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { target, type Control } from './control/control.ts'
import { fault } from './faults.ts'
import { reasonOf } from './reason.ts'
import { confirm } from './terminal/ask.ts'
import { fields, table, type Surface } from './terminal/table.ts'
import { visible } from './terminal/visible.ts'
import { when } from './terminal/when.ts'

function drawChanges(changes: readonly GovernanceChange[], surface: Surface, now: number): string {
  return table(
    [{ title: 'CHANGE', whole: true }, 'WHAT', 'STATE', 'BY', 'PROPOSED', 'REASON'],
    changes.map((one) => [
      one.id,
      one.unseen ? { text: one.text, style: 'bold' } : one.text,
      one.state === 'open' ? { text: standing(one, now), style: 'yellow' } : standing(one, now),
      one.proposed_by,
      when(one.proposed_at, now),
      one.reason,
    ]),
    surface,
  )
}

/** How it stands, and on whose word. */
function standing({ state, how, from, ended_by: by }: GovernanceChange, now: number): string {
  if (state === 'open') return from === null ? 'needs agreement' : `again ${when(from, now)}`
  if (state !== 'applied') return by === null ? state : `${state} by ${by}`
  const ways = {
    two: `agreed by ${by ?? ''}`,
    alone: 'alone',
    'rule-off': 'rule off',
    narrows: 'done',
    urgent: 'done',
  }
  return how === null ? state : ways[how]
}

/** Lists, and says that what was shown has been seen. */
async function list(context: Context, options: { readonly open?: boolean }): Promise<void> {
  const control = await context.control()
  const query = options.open === true ? { state: 'open' } : {}
  const answer = await control.get(target(['v1', 'governance', 'changes'], query), GovernanceAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => drawChanges(answer.changes, surface, screen.now))
  if (options.open !== true) await see(control, answer.changes)
}

async function see(control: Control, changes: readonly GovernanceChange[]): Promise<void> {
  const times = changes.filter(({ unseen }) => unseen).map((one) => one.ended_at ?? one.proposed_at)
  const until = times.sort().at(-1)
  if (until === undefined) return
  await control.send('POST', '/v1/governance/seen', { until }, GovernanceSeenAnswer)
}

async function show(context: Context, id: string): Promise<void> {
  const path = target(['v1', 'governance', 'changes', id])
  const change = await (await context.control()).get(path, GovernanceChange)
  const { screen } = context
  screen.answer(change, (surface) => drawChanges([change], surface, screen.now))
}

interface Because {
  readonly reason?: string
}

async function agree(context: Context, id: string, { reason }: Because): Promise<void> {
  const { screen, shell, asking } = context
  const path = ['v1', 'governance', 'changes', id]
  const change = await (await context.control()).get(target(path), GovernanceChange)
  screen.say(`${change.text}: proposed by ${change.proposed_by}: ${change.reason}`)
  await confirm(shell, asking, 'Agree to it?')
  const done = await because(context, [...path, 'agree'], reason, GovernanceChange)
  screen.answer(
    done,
    () => `${done.state === 'open' ? 'still waits' : done.state}: ${visible(done.text)}\n`,
  )
  if (done.from !== null)
    screen.say(`you are alone here: the same again ${when(done.from, screen.now)}`)
}

async function refuse(context: Context, id: string, { reason }: Because): Promise<void> {
  const path = ['v1', 'governance', 'changes', id, 'refuse']
  const done = await because(context, path, reason, GovernanceChange)
  context.screen.answer(done, () => `${done.state}: ${visible(done.text)}\n`)
}

function drawRule(rule: Governance, surface: Surface, now: number): string {
  const { changes, policies, set_by: by, set_at: at, administrators } = rule
  const names = administrators.map(({ name }) => name).join(', ')
  const alone = administrators.length < 2 ? ' (alone: time stands in for the second)' : ''
  return fields(
    [
      [
        'who governs',
        changes === 'on' ? 'two have to agree' : { text: 'one is enough', style: 'yellow' },
      ],
      ['policies', policies === 'on' ? 'two have to agree' : 'as the environment says'],
      ['set', by === null || at === null ? 'by nobody' : `${when(at, now)} by ${by}`],
      ['administrators', `${names}${alone}`],
      ['changes', `${rule.open} wait, ${rule.unseen} that you have not seen`],
    ],
    surface,
  )
}

async function rule(
  context: Context,
  options: Because & { readonly changes?: string; readonly policies?: string },
): Promise<void> {
  const { screen } = context
  const control = await context.control()
  const { changes, policies } = options
  const asks = changes === undefined && policies === undefined
  if (asks && options.reason !== undefined) throw fault('cli.usage', '--reason is for setting it')
  const answer = asks
    ? await control.get('/v1/governance', Governance)
    : await control.send(
        'POST',
        '/v1/governance',
        { changes, policies, reason: await reasonOf(context, options.reason) },
        Governance,
      )
  screen.answer(answer, (surface) => drawRule(answer, surface, screen.now))
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const why = ['--reason <text>', 'why; stands in the record'] as const
  const governance = program
    .command('governance')
    .description('changes of who governs: list, agree, refuse; and the four-eyes rule')
  governance
    .command('ls')
    .description('changes of who governs; what is shown counts as seen')
    .option('--open', 'those that wait alone')
    .action((options: { open?: boolean }) => list(context, options))
  governance
    .command('show <change>')
    .description('one change')
    .action((id: string) => show(context, id))
  governance
    .command('agree <change>')
    .description('agree to what another administrator proposed; it is done then')
    .option(...why)
    .action((id: string, options: Because) => agree(context, id, options))
  governance
    .command('refuse <change>')
    .description('refuse a change that waits, or take back your own')
    .option(...why)
    .action((id: string, options: Because) => refuse(context, id, options))
  governance
    .command('rule')
    .description('the four-eyes rule: shown, or set')
    .addOption(new Option('--changes <word>', 'of who governs').choices(['on', 'off']))
    .addOption(new Option('--policies <word>', 'of policies').choices(['on', 'off']))
    .option(...why)
    .action((options: Because & { changes?: string; policies?: string }) => rule(context, options))
}
