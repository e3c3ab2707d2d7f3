// Holds the checks of what people say of agents: purpose, dates, clients, environment.

import { faults } from '../../std/fault.ts'
import type { Agent } from '../../store/rows/agent.ts'
import { isLoopbackHost } from '../consent/client-url.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import { fault } from './faults.ts'
import { checkName } from './name.ts'
import type { RoleWish } from './roles.ts'

const authorityFault = faults(AUTHORITY_FAULTS)

/** Clients of one agent at most. */
const MOST_CLIENTS = 16

/** What a person says of an agent when registering it. */
export interface AgentRegistration {
  readonly name: string
  /** Id or name of a person, or `team:<name>`. */
  readonly owner: string
  readonly purpose: string
  /** Names, or wishes with a reason and an end. */
  readonly roles: readonly (string | RoleWish)[]
  /** May act without a user (INV-4). */
  readonly unattended: boolean
  /** May act without a task (INV-4); absent: it may not. */
  readonly taskless?: boolean
  readonly environment?: string
  readonly risk?: NonNullable<Agent['risk']>
  /** ms since the epoch. */
  readonly reviewAt?: number
  /** ms since the epoch. */
  readonly expiresAt?: number
  readonly clients?: readonly string[]
  /** `active` where it is left out. */
  readonly state?: 'pending' | 'active'
  /** Why; stands in the record and with its roles. `registered with it` where it is left out. */
  readonly reason?: string
}

/** What can be changed afterwards; null takes a date away. */
export type AgentChange = Partial<
  Omit<AgentRegistration, 'name' | 'state' | 'reason' | 'reviewAt' | 'expiresAt'> & {
    readonly state: Agent['state']
    readonly reviewAt: number | null
    readonly expiresAt: number | null
  }
>

/** The purpose without space around it; throws `agent.purpose` for none, or more than 500 characters. */
export function checkedPurpose(purpose: string): string {
  const text = purpose.trim()
  if (text === '' || text.length > 500) {
    throw authorityFault('agent.purpose', 'a purpose of 1 to 500 characters is needed')
  }
  return text
}

/** URLs of client metadata documents, sorted, each once; throws `agent.client`. */
export function checkedClients(clients: readonly string[]): readonly string[] {
  if (clients.length > MOST_CLIENTS) throw fault('agent.client', 'these are too many clients')
  for (const client of clients) {
    if (client.length > 2048 || !URL.canParse(client) || !isDocument(new URL(client))) {
      throw fault('agent.client', 'a client is named by an https URL with a path and no fragment')
    }
  }
  return [...new Set(clients)].sort()
}

/**
 * OAuth Client ID Metadata Document: https, a path, no fragment, no user information. One on this machine may be http: naming it
 * here opens nothing, and it is asked for only where the setting for development says so.
 */
function isDocument({ protocol, hostname, pathname, hash, username, password }: URL): boolean {
  const local = protocol === 'http:' && isLoopbackHost(hostname)
  return (
    (protocol === 'https:' || local) &&
    pathname !== '/' &&
    hash === '' &&
    username + password === ''
  )
}

/** The members of a registration or a change that are kept as they are said. `before` gives those that are not named. */
export function described(before: Partial<Agent>, said: AgentChange, now: number): Partial<Agent> {
  const environment = said.environment ?? before.environment
  if (said.environment !== undefined) checkName('an environment', said.environment)
  const risk = said.risk ?? before.risk
  const reviewAt = date('review', before.reviewAt, said.reviewAt, now)
  const expiresAt = date('end', before.expiresAt, said.expiresAt, now)
  const clients = said.clients === undefined ? before.clients : checkedClients(said.clients)
  return {
    ...(environment !== undefined && { environment }),
    ...(risk !== undefined && { risk }),
    ...(reviewAt !== undefined && { reviewAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(clients !== undefined && { clients }),
  }
}

/** When an agent that acts without somebody, or something, is looked at again where no date is said (ms): after 90 days. */
const REVIEW_MS = 90 * 86_400_000

/**
 * The date of review of what a registration lets an agent do without a person or a task: such a standing permission has one,
 * always. Throws `agent.review` where it would be taken away.
 */
export function reviewed(
  agent: Pick<Agent, 'unattended' | 'taskless' | 'reviewAt'>,
  said: AgentChange,
  now: number,
): Pick<Agent, 'reviewAt'> {
  if (!agent.unattended && agent.taskless !== true) return {}
  if (said.reviewAt === null) {
    throw fault('agent.review', 'it acts without a person or a task, and is looked at again')
  }
  return agent.reviewAt === undefined ? { reviewAt: now + REVIEW_MS } : {}
}

/** A date as it will be; one that is named anew has to be still to come. */
function date(
  what: string,
  before: number | undefined,
  said: number | null | undefined,
  now: number,
): number | undefined {
  if (said === undefined || said === before) return before
  if (said === null) return undefined
  if (!Number.isSafeInteger(said) || said <= now) {
    throw fault('agent.date', `its ${what} would have passed already`)
  }
  return said
}
