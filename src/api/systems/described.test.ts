// Holds tests of described systems over the API: pinned from a document, labelled, within the reach of agents, and isolated.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { digest } from '../../std/bytes.ts'
import { ReachAnswer } from '../../wire/api/reach.ts'
import { InspectAnswer, System, TriggersAnswer } from '../../wire/api/system.ts'
import { ControlHome } from '../../../test/fakes/control.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

const PATHS = {
  '/notes': {
    post: {
      operationId: 'addNote',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['text', 'cents'],
              properties: { text: { type: 'string' }, cents: { type: 'integer' } },
            },
          },
        },
      },
    },
    delete: { operationId: 'dropNotes' },
  },
}

const document = (paths: object): string =>
  JSON.stringify({ openapi: '3.1.0', info: { title: 'Notes', version: '7' }, paths })
const transport = { kind: 'external', source: 'openapi' }
const candidate = { name: 'notes', transport, document: document(PATHS) }

async function pin(body: object, more: object = {}): Promise<Record<string, unknown>> {
  const seen = await home.read('POST', '/v1/systems/inspect', { body })
  assert.deepEqual(InspectAnswer.parse(seen), seen)
  const effects = { addNote: ['write'], dropNotes: ['destructive'] }
  const word = { fingerprint: seen['fingerprint'], reason: 'a test' }
  const pinned = await home.read('POST', '/v1/systems', {
    body: { ...body, effects, ...word, ...more },
  })
  assert.deepEqual(System.parse(pinned), pinned)
  return pinned
}

test('a system is pinned from its OpenAPI document, and what is recorded is its digest', async () => {
  const pinned = await pin(candidate, {
    facts: { addNote: { measures: { money: '/body/cents' } } },
  })
  assert.deepEqual(pinned['transport'], {
    kind: 'external',
    source: 'openapi',
    document: digest(candidate.document),
  })
  assert.equal(pinned['era'], undefined)
  assert.deepEqual(pinned['server'], { name: 'Notes', version: '7' })
  const [record] = await home.audit.tail({ limit: 1, type: 'system.inspected' })
  assert.equal(record?.record.body['document'], digest(candidate.document))
  const listed = await home.read('GET', '/v1/systems/notes')
  assert.deepEqual(listed, pinned)
})

test('labels are changed on a person’s word, and a pointer that leads to no argument is refused', async () => {
  const body = {
    facts: { addNote: { labels: ['pii'], triggers: ['notes/dropNotes'] } },
    reason: 'seen',
  }
  const system = System.parse(await home.read('POST', '/v1/systems/notes/labels', { body }))
  const action = system.actions.find(({ name }) => name === 'addNote')
  assert.deepEqual(action?.labels, ['pii'])
  assert.deepEqual(action?.measures, { money: '/body/cents' })
  assert.deepEqual(home.authority.effects.of('notes', 'addNote').triggered, ['destructive'])
  const wrong = { facts: { addNote: { measures: { money: '/body/text' } } }, reason: 'wrong' }
  const told = await home.read('POST', '/v1/systems/notes/labels', { body: wrong }, 400)
  assert.equal(told['code'], 'system.facts')
})

test('reach tells what a stolen agent could do with it, as a graph', async () => {
  const text = `@id("notes")\npermit (principal, action == Action::"notes/addNote", resource) when { context.input.body.cents < 100 };`
  const sources = [{ file: 'a.cedar', text }]
  await home.read('POST', '/v1/policies', { body: { sources, reason: 'a test' } })
  const agent = {
    name: 'writer',
    owner: 'ada',
    purpose: 'writes notes',
    taskless: true,
    roles: ['author'],
  }
  await home.read('POST', '/v1/agents', { body: agent })
  const nobody = { agent: 'writer' }
  const idle = ReachAnswer.parse(await home.read('POST', '/v1/policies/reach', { body: nobody }))
  assert.deepEqual([idle.ways, idle.roles], [[], ['author']], 'its roles are its own')
  const asked = { agent: 'writer', on_behalf_of: 'ada' }
  const answer = await home.read('POST', '/v1/policies/reach', { body: asked })
  const reach = ReachAnswer.parse(answer)
  assert.deepEqual(
    reach.ways.map(({ kind, person }) => [kind, person]),
    [['person', 'ada']],
  )
  // Acting without a task takes a policy that says so: none does.
  assert.deepEqual(reach.actions, [])
  const named = text.replace('@id', '@without("task")\n@id')
  await home.read('POST', '/v1/policies', {
    body: { sources: [{ file: 'a.cedar', text: named }], reason: 'a test' },
  })
  const open = ReachAnswer.parse(await home.read('POST', '/v1/policies/reach', { body: asked }))
  assert.deepEqual(
    open.actions.map(({ action, permits, sets_off: off }) => [action, permits, off]),
    [['notes/addNote', ['notes'], ['notes/dropNotes']]],
  )
  assert.match(open.actions[0]?.bounds[0]?.text ?? '', /cents < 100/)
  assert.ok(
    open.edges.some(({ kind, to }) => kind === 'sets_off' && to === 'action notes/dropNotes'),
  )
})

test('a document that changed under a policy isolates the system, which the API says with file, line and column', async () => {
  const changed = structuredClone(PATHS) as typeof PATHS
  const { schema } = changed['/notes'].post.requestBody.content['application/json']
  Object.assign(schema, { required: ['text'], properties: { text: { type: 'string' } } })
  const body = { ...candidate, document: document(changed) }
  const seen = InspectAnswer.parse(await home.read('POST', '/v1/systems/inspect', { body }))
  assert.equal(seen.breaks[0]?.file, 'a.cedar')
  const refused = await home.read(
    'POST',
    '/v1/systems',
    { body: { ...body, effects: {}, fingerprint: seen.fingerprint, reason: 'x' } },
    400,
  )
  assert.equal(
    refused['code'],
    'system.facts',
    'what was said of an argument that is gone has to be said anew',
  )
  const pinned = await pin(body, { facts: { addNote: { measures: {} } } })
  const [broken] = System.parse(pinned).isolated
  assert.deepEqual([broken?.file, broken?.line], ['a.cedar', 3])
  const reach = ReachAnswer.parse(
    await home.read('POST', '/v1/policies/reach', {
      body: { agent: 'writer', on_behalf_of: 'ada' },
    }),
  )
  assert.deepEqual(reach.closed, [{ system: 'notes', why: 'it is isolated' }])
})

test('what is no document is refused in words, and learned triggers are listed', async () => {
  const refuse = async (more: object, status = 400) =>
    home.read('POST', '/v1/systems/inspect', { body: { ...candidate, ...more } }, status)
  assert.equal((await refuse({ document: '{' }))['code'], 'system.document')
  assert.equal((await refuse({ document: '{"openapi":"2.0"}' }))['code'], 'system.document')
  assert.equal((await refuse({ document: undefined }))['code'], 'api.invalid')
  assert.equal((await refuse({ secrets: { A: 'x' } }))['code'], 'api.invalid')
  const answer = await home.read('GET', '/v1/triggers')
  assert.deepEqual(TriggersAnswer.parse(answer), { triggers: [] })
  const gone = { from: 'a/b', to: 'c/d', reason: 'none' }
  const told = await home.read('POST', '/v1/triggers/dismiss', { body: gone }, 404)
  assert.equal(told['code'], 'trigger.unknown')
})
