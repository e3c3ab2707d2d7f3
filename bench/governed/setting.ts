// Holds the setting of the bench: a system pinned, policies applied and an agent registered, all as a person would do it.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Control } from '../../src/cli/control/control.ts'
import { readOperator } from '../../src/cli/control/operator.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { Agent, JoinTokenAnswer } from '../../src/wire/api/agent.ts'
import { PolicyApplied } from '../../src/wire/api/policy.ts'
import { InspectAnswer, System } from '../../src/wire/api/system.ts'
import { Task } from '../../src/wire/api/task.ts'

const SYSTEM = 'records'
const AGENT = 'bench-agent'
const REASON = 'set up for the bench'

/** Sets a home up whose server runs. Returns a join token for one instance, which acts on behalf of the operator. */
export async function setUp(home: string): Promise<string> {
  const control = new Control(readOperator(home), {
    clock: systemClock,
    entropy: systemEntropy,
    interrupted: new AbortController().signal,
  })
  const program = fileURLToPath(new URL('./bare-upstream.ts', import.meta.url))
  const transport = { kind: 'stdio', command: process.execPath, args: [program], env: [] }
  const asked = { name: SYSTEM, transport }
  const seen = await control.send('POST', '/v1/systems/inspect', asked, InspectAnswer)
  const effects = Object.fromEntries(seen.definition.actions.map(({ name }) => [name, ['read']]))
  const pin = { ...asked, effects, fingerprint: seen.fingerprint, reason: REASON }
  await control.send('POST', '/v1/systems', pin, System)
  const text = readFileSync(new URL('./policies.cedar', import.meta.url), 'utf8')
  const sources = [{ file: 'bench.cedar', text }]
  await control.send('POST', '/v1/policies', { sources, reason: REASON }, PolicyApplied)
  const agent = { name: AGENT, purpose: 'makes the calls of a bench', roles: ['support'] }
  await control.send('POST', '/v1/agents', agent, Agent)
  const allow = [{ action: `${SYSTEM}/*` }]
  const task = { agent: AGENT, intent: 'the calls of the bench', allow, unattended: false }
  await control.send('POST', '/v1/tasks', task, Task)
  const path = `/v1/agents/${AGENT}/join-tokens`
  return (await control.send('POST', path, {}, JoinTokenAnswer)).token
}
