// Holds what the options of `agent add` and `agent update` say of an agent, as the API takes it.

import type { Command } from 'commander'
import { AgentState, Risk } from '../../wire/api/agent.ts'
import { fault } from '../faults.ts'
import { momentOrNever } from '../moment.ts'
import { repeated } from '../repeat.ts'

/** Options that adding and changing share. */
export interface SaidOptions {
  readonly owner?: string
  readonly role?: readonly string[]
  readonly environment?: string
  readonly risk?: string
  readonly review?: string
  readonly expires?: string
  readonly client?: readonly string[]
}

/** Adds the options that adding and changing share. */
export function saidOptions(command: Command): Command {
  return command
    .option('--environment <name>', 'where it runs; it reaches systems of the same')
    .option('--risk <tier>', `how much harm it could do: ${Risk.options.join(', ')}`)
    .option('--review <when>', 'when a person has to look at it again: 90d, a date, or never')
    .option('--expires <when>', 'when it stops acting by itself: 30d, a date, or never')
    .option(
      '--client <url>',
      'an OAuth client (its metadata document) whose consents become its instances; may be repeated',
      repeated,
    )
}

/** The members of a body; those that no option names are undefined. */
export function said(options: SaidOptions, now: number) {
  const { owner, role, environment, review, expires, client } = options
  const risk = Risk.optional().safeParse(options.risk)
  if (!risk.success) throw fault('cli.usage', `--risk is one of ${Risk.options.join(', ')}`)
  return {
    owner,
    roles: role,
    environment,
    risk: risk.data,
    review_at: review === undefined ? undefined : momentOrNever('--review', review, now),
    expires_at: expires === undefined ? undefined : momentOrNever('--expires', expires, now),
    clients: client,
  }
}

/** The state that an option names; throws `cli.usage` for none of them. */
export function stateOf(text: string | undefined): AgentState | undefined {
  const state = AgentState.optional().safeParse(text)
  if (state.success) return state.data
  throw fault('cli.usage', `--state is one of ${AgentState.options.join(', ')}`)
}

/** What `yes` or `no` says; undefined where nothing is said. Throws `cli.usage`. */
export function yesOrNo(option: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (text === 'yes' || text === 'no') return text === 'yes'
  throw fault('cli.usage', `${option} is yes or no`)
}
