// Holds the setting of the bench: systems pinned, policies applied and an agent registered, all as a person would do it.

import { fileURLToPath } from 'node:url'
import { Control } from '../../src/cli/control/control.ts'
import { readOperator } from '../../src/cli/control/operator.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { Agent, JoinTokenAnswer } from '../../src/wire/api/agent.ts'
import { PolicyApplied } from '../../src/wire/api/policy.ts'
import { InspectAnswer, System, type InspectRequest } from '../../src/wire/api/system.ts'

const AGENT = 'bench-agent'
const REASON = 'set up for the bench'
/** Systems whose tools are listed together. */
export const SYSTEMS = 100

const POLICIES = `
@id("operators-may-ask-for-anything") @without("task")
permit (principal is Person in Role::"operator", action, resource);
@id("bench-may")
@without("task")
permit (principal in Role::"bench", action, resource);
@id("never-this")
forbid (principal in Role::"bench", action == Action::"many-0/tool_1", resource)
when { context.input.key like "secret*" };
`

const operation = (operationId: string, type: string, parameters: object[] = []): object => ({
  get: {
    operationId,
    parameters,
    responses: { 200: { description: 'it', content: { [type]: { schema: {} } } } },
  },
})

const DOCUMENT = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'the API of a bench', version: '1' },
  paths: {
    '/items/{id}': operation('getItem', 'application/json', [
      { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
    ]),
    '/reports': operation('getReport', 'application/json'),
    '/stream': operation('getStream', 'application/octet-stream'),
  },
})

/** Sets a home up whose server runs. Returns a join token for one instance, which acts on behalf of the operator. */
export async function setUp(home: string, apiPort: number): Promise<string> {
  const control = new Control(readOperator(home), {
    clock: systemClock,
    entropy: systemEntropy,
    interrupted: new AbortController().signal,
  })
  const pin = async (asked: InspectRequest): Promise<void> => {
    const seen = await control.send('POST', '/v1/systems/inspect', asked, InspectAnswer)
    const effects = Object.fromEntries(seen.definition.actions.map(({ name }) => [name, ['read']]))
    const body = { ...asked, effects, fingerprint: seen.fingerprint, reason: REASON }
    await control.send('POST', '/v1/systems', body, System)
  }
  const program = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
  const stdio = (file: string, name: string): InspectRequest => ({
    name,
    transport: { kind: 'stdio', command: process.execPath, args: [program(file), name], env: [] },
  })
  await pin(stdio('../governed/bare-upstream.ts', 'records'))
  for (let n = 0; n < SYSTEMS; n++) await pin(stdio('./many-upstream.ts', `many-${n}`))
  await pin({
    name: 'api',
    transport: {
      kind: 'api',
      url: `http://127.0.0.1:${apiPort}`,
      auth: { kind: 'none' },
      reach: { private: true },
    },
    document: DOCUMENT,
  })
  const sources = [{ file: 'bench.cedar', text: POLICIES }]
  await control.send('POST', '/v1/policies', { sources, reason: REASON }, PolicyApplied)
  const agent = {
    name: AGENT,
    purpose: 'makes the calls of a bench',
    roles: ['bench'],
    taskless: true,
  }
  await control.send('POST', '/v1/agents', agent, Agent)
  const path = `/v1/agents/${AGENT}/join-tokens`
  return (await control.send('POST', path, {}, JoinTokenAnswer)).token
}
