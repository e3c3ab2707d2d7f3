// Holds `authority`: the keys that everything here is signed with, rotating them, and distrusting them at once.

import type { Command } from 'commander'
import { AuthorityAnswer, RekeyAnswer, RotateAnswer } from '../wire/api/authority.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { reasonOf } from './reason.ts'
import { confirm } from './terminal/ask.ts'
import { fields, table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

const STATE_STYLE = {
  prepared: 'yellow',
  active: 'green',
  retired: 'dim',
  ended: 'dim',
  distrusted: 'red',
} as const

function draw(authority: AuthorityAnswer, surface: Surface, now: number): string {
  const active = authority.roots.find((root) => root.fingerprint === authority.active)
  const head = fields(
    [
      ['trust domain', authority.trust_domain],
      ['active root', `sha256:${authority.active}`],
      ['ends', active === undefined ? 'unknown' : active.not_after],
      ['listeners show', `sha256:${authority.serving}`],
      ['token key', authority.token_key],
      ['bundle', `sequence ${authority.sequence}`],
    ],
    surface,
  )
  const roots = table(
    [{ title: 'ROOT', whole: true }, 'STATE', 'SINCE', 'ENDS', 'KEY'],
    authority.roots.map((root) => [
      `sha256:${root.fingerprint}`,
      { text: root.state, style: STATE_STYLE[root.state] },
      when(root.since, now),
      root.not_after.slice(0, 10),
      root.key_id,
    ]),
    surface,
  )
  return `${head}\n${roots}`
}

async function show(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/authority', AuthorityAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer, surface, screen.now))
}

async function rotate(
  context: Context,
  options: { readonly now?: boolean; readonly reason?: string },
): Promise<void> {
  const now = options.now === true
  const reason = await reasonOf(context, options.reason)
  if (now) {
    await confirm(
      context.shell,
      context.asking,
      'Sign with a root that nobody has had time to learn of? Who verifies with an older bundle refuses new certificates.',
    )
  }
  const control = await context.control()
  const answer = await control.send('POST', '/v1/authority/rotate', { reason, now }, RotateAnswer)
  const { screen } = context
  screen.answer(answer, () => `sha256:${answer.fingerprint} is ${answer.state}\n`)
  if (answer.state === 'prepared') {
    screen.say(`it is in the bundle now, and signs from ${answer.signs_from}`)
  } else {
    screen.say('it signs now; the root before it is trusted until what it signed has ended')
  }
}

async function rekey(
  context: Context,
  options: { readonly compromised?: boolean; readonly tokens?: boolean; readonly reason?: string },
): Promise<void> {
  if (options.compromised !== true) {
    throw fault(
      'cli.usage',
      'rekey is for keys that somebody else may have: say --compromised, or use `authority rotate`',
    )
  }
  const compromised = options.tokens === true ? 'tokens' : 'roots'
  const reason = await reasonOf(context, options.reason)
  await confirm(
    context.shell,
    context.asking,
    compromised === 'roots'
      ? 'Distrust every root at once? Every instance loses its identity now and has to enrol again.'
      : 'Distrust the token key at once? Every token that is out is worth nothing from now on.',
  )
  const control = await context.control()
  const body = { reason, compromised }
  const answer = await control.send('POST', '/v1/authority/rekey', body, RekeyAnswer)
  const { screen } = context
  screen.answer(answer, () =>
    answer.compromised === 'roots'
      ? `distrusted ${answer.distrusted} roots; sha256:${answer.fresh} signs now\n`
      : `distrusted the token key; ${answer.fresh} signs now\n`,
  )
  if (answer.compromised === 'tokens') return
  screen.say(
    `${answer.instances_ended} instances were ended; each enrols again with fresh evidence`,
  )
  screen.say(
    'give the new bundle to whoever verifies outside: they know nothing of this until then',
  )
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const authority = program
    .command('authority')
    .description('the keys of the authority: show, rotate, rekey')
  authority
    .command('show')
    .description('show the roots, when they end, and the key that signs tokens')
    .action(() => show(context))
  authority
    .command('rotate')
    .description('publish another root and sign with it once it is known, without interruption')
    .option('--now', 'sign with it at once, before anybody has had time to learn of it')
    .option('--reason <text>', 'why; stands in the record')
    .action((options: { now?: boolean; reason?: string }) => rotate(context, options))
  authority
    .command('rekey')
    .description('distrust every root at once, without overlap, and begin anew with another')
    .option('--compromised', 'yes: somebody else may have the key')
    .option('--tokens', 'the key that signs tokens, in place of the roots')
    .option('--reason <text>', 'why; stands in the record')
    .action((options: { compromised?: boolean; tokens?: boolean; reason?: string }) =>
      rekey(context, options),
    )
}
