// Holds the agent of a client: registered for it or taken, and observed for a while.

import { Fault } from '../../std/fault.ts'
import { Agent } from '../../wire/api/agent.ts'
import { target, type Control } from '../control/control.ts'
import type { Client } from './clients.ts'

/** The agent, and what became of observing it. */
export interface ConnectedAgent {
  readonly agent: Agent
  readonly made: boolean
  /** Why it is not observed, where it was to be. */
  readonly unobserved?: string
}

async function found(control: Control, name: string): Promise<Agent | undefined> {
  try {
    return await control.get(target(['v1', 'agents', name]), Agent)
  } catch (error) {
    if (error instanceof Fault && error.status === 404) return undefined
    throw error
  }
}

/** Registers the agent, or takes one that is there, and sets it to be observed until a time; undefined enforces at once. */
export async function connectedAgent(
  control: Control,
  of: {
    readonly name: string
    readonly client: Client
    readonly until: string | undefined
    readonly reason: string
  },
): Promise<ConnectedAgent> {
  const { name, client, until, reason } = of
  const there = await found(control, name)
  const purpose = `interactive work in ${client.title}, through the systems that it was configured with`
  const agent =
    there ?? (await control.send('POST', '/v1/agents', { name, purpose, reason }, Agent))
  const made = there === undefined
  // Somebody may have ended observing it, or be observing it already: their word stands.
  if (until === undefined || (!made && agent.observe !== null)) return { agent, made }
  try {
    const path = target(['v1', 'agents', name, 'observe'])
    return { agent: await control.send('POST', path, { until, reason }, Agent), made }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { agent, made, unobserved: error.detail }
  }
}
