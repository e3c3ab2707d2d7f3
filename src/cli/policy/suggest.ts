// Holds `policy suggest`: the least policy that covers what an agent really used, proven by replay.

import type { Command } from 'commander'
import { UsageAnswer } from '../../wire/api/policy-usage.ts'
import type { Context } from '../context.ts'
import { repeated } from '../repeat.ts'
import { canAsk, choose } from '../terminal/ask.ts'
import { visible } from '../terminal/visible.ts'
import { replayAll } from './replay.ts'
import { sinceOf } from './since.ts'

interface SuggestOptions {
  readonly since: string
  readonly accept?: readonly string[]
}

/** How long summing up may take (ms). */
const PATIENCE_MS = 600_000

/** Stands in for the people's half of a proof, which is about the agent's. */
const PEOPLE = '@id("proof-of-the-agents-half")\npermit (principal is Person, action, resource);\n'

async function suggest(context: Context, agent: string, options: SuggestOptions): Promise<void> {
  const { screen, shell, asking } = context
  const since = sinceOf(options.since, screen.now)
  const control = await context.control()
  const path = '/v1/policies/usage'
  const usage = await control.send('POST', path, { agent, since }, UsageAnswer, PATIENCE_MS)
  const { destinations, suggestion } = await import('../../server/policy-desk.ts')
  const named = new Set(options.accept)
  const accepted = new Set<string>()
  // A yes beforehand is none to a place that nobody has looked at.
  const ask = canAsk(shell, { ...asking, yes: false })
  for (const one of destinations(usage)) {
    const { action, argument, kind, value } = one
    const question = `${visible(action)} went to the ${kind} ${visible(value)} (${visible(argument)}). Permit it?`
    const yes =
      named.has(value) ||
      (ask &&
        (await choose(
          shell,
          question,
          [
            ['no', 'no'],
            ['yes', 'yes'],
          ],
          'no',
        )) === 'yes')
    if (yes) accepted.add(JSON.stringify(one))
  }
  const text = suggestion(usage, (one) => accepted.has(JSON.stringify(one)))
  const sources = [
    { file: 'suggestion.cedar', text },
    { file: 'proof.cedar', text: PEOPLE },
  ]
  const wish = { sources, since, agent, alone: true, limit: 0 }
  const { used, covered } = await replayAll(control, wish, () => undefined)
  screen.answer({ policy: text, used, covered, usage }, () => `${visibleText(text)}`)
  screen.say(`covers ${covered} of ${used} calls that went on`)
  if (covered < used) {
    screen.say(
      'the rest goes where nobody has accepted: name it with --accept, or ask on a terminal',
    )
  }
  if (usage.dropped > 0) screen.say(`${usage.dropped} calls of that time were not kept`)
}

/** Everything in it is escaped already but the line ends that are ours. */
function visibleText(text: string): string {
  return text.split('\n').map(visible).join('\n')
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('suggest <agent>')
    .description('write the least policy that covers what an agent really used')
    .option('--since <time>', 'from when on: 30d, 12h, or a day', '30d')
    .option(
      '--accept <destination>',
      'a host, recipient or folder that it may reach; may be repeated',
      repeated,
    )
    .action((agent: string, options: SuggestOptions) => suggest(context, agent, options))
}
