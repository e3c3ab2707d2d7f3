// Holds `lock`: denying a person, agent, instance, system or action at once, and lifting that again.

import type { Command } from 'commander'
import {
  Lock,
  LockAdded,
  LockKept,
  LockKind,
  LockRemoved,
  LockShown,
  LocksAnswer,
  type LockAtGateway,
  type LockReceipt,
} from '../wire/api/lock.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { reasonOf } from './reason.ts'
import { table, type Surface } from './terminal/table.ts'
import { visible } from './terminal/visible.ts'
import { when } from './terminal/when.ts'

function drawLocks(locks: readonly Lock[], surface: Surface, now: number): string {
  return table(
    [{ title: 'LOCK', whole: true }, 'TARGET', 'REASON', 'ADDED', 'BY', 'LIFTING'],
    locks.map((lock) => [
      lock.id,
      { text: `${lock.target.kind} ${lock.target.name}`.trimEnd(), style: 'red' },
      lock.reason,
      when(lock.added_at, now),
      lock.added_by ?? 'bailiwick itself',
      lifting(lock, now),
    ]),
    surface,
  )
}

/** Whose word there is that it be lifted, and what is missing. */
function lifting({ lift }: Lock, now: number): string {
  if (lift === null) return ''
  const { asked_by, from } = lift
  const other = `asked for by ${asked_by}; another person lifts it`
  return from === null ? other : `asked for by ${asked_by}, who is alone: again ${when(from, now)}`
}

async function add(
  context: Context,
  kind: string,
  name: string | undefined,
  options: { readonly reason?: string },
): Promise<void> {
  const read = LockKind.safeParse(kind)
  if (!read.success) throw fault('cli.usage', `KIND is one of ${LockKind.options.join(', ')}`)
  const everything = read.data === 'everything'
  if (everything !== (name === undefined)) {
    throw fault('cli.usage', everything ? '`everything` takes no name' : 'a name is missing')
  }
  const reason = await reasonOf(context, options.reason)
  const body = { target: { kind: read.data, name: name ?? '' }, reason }
  const control = await context.control()
  const lock = await control.send('POST', '/v1/locks', body, LockAdded)
  const { screen } = context
  screen.answer(lock, (surface) => drawLocks([lock], surface, screen.now))
  if (lock.receipt === null) screen.say('in force; its receipt could not be recorded')
  else for (const line of receiptLines(lock.receipt, screen.now)) screen.say(line)
  screen.say(`to lift it: bailiwick lock rm ${lock.id} --reason TEXT`)
}

/** What one gateway did, and what stays valid elsewhere, a line each. */
function receiptLines(receipt: LockReceipt, now: number): string[] {
  const { gateway, calls, processes, approvals, instances, in_force_at, outside, upstream } =
    receipt
  const did = `${calls} calls cut, ${processes} processes ended, ${approvals} approvals void`
  return [
    `${gateway}: in force since ${when(in_force_at, now)}: ${did}, ${instances} instances stopped`,
    ...outside.map(
      ({ what, until }) => `not ours to take back: ${what}, until ${when(until, now)}`,
    ),
    ...upstream.map(({ system, credential, outcome, until }) => {
      const of = `${visible(system)} ${visible(credential)}`
      if (outcome === 'revoked') return `taken back at its system: ${of}`
      const ends =
        until === null ? 'nobody says until when it is valid' : `valid until ${when(until, now)}`
      return `not taken back at its system (${outcome}): ${of}, ${ends}`
    }),
  ]
}

async function show(context: Context, id: string): Promise<void> {
  const control = await context.control()
  const lock = await control.get(target(['v1', 'locks', id]), LockShown)
  const { screen } = context
  screen.answer(lock, (surface) => {
    const lines = lock.receipts.flatMap((one) => [
      ...receiptLines(one, screen.now),
      `its proof: bailiwick audit proof ${one.leaf}`,
    ])
    const apart = lock.gateways.map((one) => gatewayLine(one, screen.now))
    const none = [
      'no gateway has answered: it was set by Bailiwick itself, or before receipts were',
    ]
    const told = [...(lines.length === 0 ? none : lines), ...apart]
    return `${drawLocks([lock], surface, screen.now)}${told.map((line) => `${line}\n`).join('')}`
  })
}

/** How one gateway that runs on its own stands to a lock. */
function gatewayLine(of: LockAtGateway, now: number): string {
  const { after_ms: after, calls, confirmed_at: at, denies_from: from, gateway, processes } = of
  switch (of.state) {
    case 'confirmed': {
      const time = after === null ? '' : `, ${Math.ceil(after)} ms after it was in force`
      return `${gateway}: confirmed ${when(at ?? '', now)}${time}: ${calls} calls cut, ${processes} processes ended`
    }
    case 'in_view':
      return `${gateway}: has it in its view since it connected`
    case 'waiting':
      return `${gateway}: connected, and has not confirmed it yet`
    case 'away':
      return from === null
        ? `${gateway}: away since before control started: it denies everything`
        : `${gateway}: away: it denies everything from ${when(from, now)} on`
  }
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/locks', LocksAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => drawLocks(answer.locks, surface, screen.now))
}

async function remove(
  context: Context,
  id: string,
  options: { readonly reason?: string },
): Promise<void> {
  const answer = await because(context, ['v1', 'locks', id, 'remove'], options.reason, LockRemoved)
  const { screen } = context
  screen.answer(answer, () =>
    answer.removed ? `lifted ${answer.id}\n` : `still in force: ${answer.id}\n`,
  )
  if (answer.removed) return
  if (answer.from === null)
    screen.say('one person locks, two unlock: another has to lift it as well')
  else screen.say(`you are alone here: the same command lifts it ${when(answer.from, screen.now)}`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const lock = program.command('lock').description('locks: add, list, lift')
  lock
    .command('add <kind> [name]')
    .description(
      'deny at once: person, agent, instance, delegation, task, system, action <system>/<action>, credential <system>/<name> or <system>/user:<person>, or everything',
    )
    .option('--reason <text>', 'why; stands in the record')
    .action((kind: string, name: string | undefined, options: { reason?: string }) =>
      add(context, kind, name, options),
    )
  lock
    .command('ls')
    .description('list locks in force')
    .action(() => list(context))
  lock
    .command('show <id>')
    .description(
      'one lock, what each gateway did for it, and what stays valid elsewhere until when',
    )
    .action((id: string) => show(context, id))
  lock
    .command('rm <id>')
    .description('lift a lock: one person asks, another confirms with the same command')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: { reason?: string }) => remove(context, id, options))
  lock
    .command('keep <id>')
    .description('take back a request to lift a lock')
    .option('--reason <text>', 'why; stands in the record')
    .action(async (id: string, { reason }: { reason?: string }) => {
      const answer = await because(context, ['v1', 'locks', id, 'keep'], reason, LockKept)
      context.screen.answer(answer, () => `still in force: ${answer.id}\n`)
    })
}
