// Holds the tests of how stories are drawn: every part in its row, claims as claims, and nothing that could move a cursor.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditCallStory, TraceNode } from '../../wire/api/story.ts'
import { plain } from './paint.ts'
import { replayLine } from './replay.ts'
import { drawStory } from './story.ts'
import { drawTrace } from './trace.ts'

const SURFACE = { paint: plain }
const AT = '2026-11-23T10:00:00.000Z'
const NOW = Date.parse(AT)

const CALL: AuditCallStory = {
  call: 'call-1',
  records: [],
  summary: {
    agent: 'helper',
    person: 'ann',
    system: 'crm',
    action: 'refund',
    answer: 'allow',
    status: 'ok',
    started_at: AT,
    ended_at: AT,
  },
  story: {
    who: {
      agent: 'helper',
      instance: 'i-2',
      spiffe_id: 'spiffe://x/agent/helper/i-2',
      person: { id: 'per_ann', name: 'ann' },
      chain: [{ agent: 'lead', instance: 'i-1', delegation: 'd-1' }],
      credential: { kind: 'token', id: 'jti', binding: 'none' },
      protocol: 'mcp 2026-07-28',
      session: null,
      claimed: { client: 'code/1', model: 'm-1\u001b[2J', request: '7' },
      model: null,
      district: false,
    },
    triggers: [
      { by: 'tool', how: 'observed', call: 'call-0' },
      { by: 'tool', how: 'claimed', call: 'call-9', seen: false },
    ],
    authority: {
      task: 'task-1',
      delegation: 'd-2',
      policy_set: 'sha256:set',
      parties: [
        {
          party: 'agent',
          principal: 'helper',
          answer: 'allow',
          policies: ['p1'],
          errors: [],
          reason: '',
        },
      ],
      approval: 'a-1',
      set_aside: ['over-100'],
    },
    decision: {
      answer: 'allow',
      code: null,
      reason: null,
      because: null,
      observed: false,
      again: true,
    },
    approval: {
      id: 'a-1',
      requested_at: AT,
      gates: ['finance'],
      said: [{ what: 'approved', person: { id: 'per_bob', name: null }, at: AT }],
      consumed_at: AT,
    },
    sent: {
      at: AT,
      definition: null,
      effects: ['spend'],
      arguments: 'hmac-sha256:a',
      bytes: 12,
      upstream: { kind: 'mcp', transport: 'tcp', address: 'crm.test' },
      credentials: [],
      trace: 't',
      span: 's',
      parent_span: 'p',
    },
    came_back: {
      at: AT,
      status: 'ok',
      executed: 'yes',
      code: null,
      reason: null,
      result: 'hmac-sha256:r',
      bytes: 150,
      labels: ['pii'],
      inspected: { email: 2 },
    },
    timings: { decide_us: 400, upstream_us: 12_000, total_us: 14_100 },
    followed: {
      items: [{ kind: 'lock', id: 'l-1', at: AT, why: 'on who called', what: 'agent helper' }],
      complete: false,
    },
    proof: [
      {
        type: 'call.intent',
        index: 70,
        leaf: 'L',
        shard: '2026h2',
        leaf_index: 7,
        published: false,
      },
    ],
  },
}

test('a story has a row for every part, and marks what is only claimed', () => {
  const drawn = drawStory(CALL, SURFACE, NOW)
  for (const row of [
    /^agent +helper for ann$/m,
    /^through +lead \(i-1\) → helper$/m,
    /^credential +token jti, bound to no key$/m,
    /^set off by +tool, observed: call call-0\n +tool, claimed: call call-9, which we did not give it$/m,
    /^decision +allow · decided once more before it went out · set aside: over-100$/m,
    /^approval .*asked for finance \(a-1\)\n.*approved by per_bob\n.*used up by this call$/m,
    /^went out .*crm\.test, mcp over tcp {2}12 bytes$/m,
    /^trace +t, span s, within p, as its caller said$/m,
    /^came back .*ok {2}150 bytes\n.*\n +labels pii, inspection found 2 email$/m,
    /^took +decide 0\.4 ms · upstream 12\.0 ms · total 14\.1 ms$/m,
    /^followed .*lock l-1: agent helper \(on who called\)\n +and perhaps more/m,
    /^proof +call\.intent is record 70, leaf 7 of 2026h2, L, no checkpoint covers it yet$/m,
  ]) {
    assert.match(drawn, row)
  }
  assert.ok(!drawn.includes('\u001b'), 'what a client says moves no cursor')
})

test('a story of what policy denied names the command that says why', () => {
  const { story } = CALL
  const denied = { ...CALL, story: { ...story, decision: { ...story.decision, answer: 'deny' } } }
  assert.match(drawStory(denied, SURFACE, NOW), /^why +bailiwick policy explain --call call-1$/m)
  assert.doesNotMatch(drawStory(CALL, SURFACE, NOW), /^why/m)
})

test('a trace is drawn as a tree', () => {
  const node = (of: Partial<TraceNode> & Pick<TraceNode, 'kind' | 'id' | 'parent'>): TraceNode => ({
    at: AT,
    who: null,
    what: null,
    answer: null,
    status: null,
    duration_ms: null,
    trigger: null,
    claimed: false,
    ...of,
  })
  const nodes = [
    node({ kind: 'task', id: 'T', parent: null, who: 'ann', what: 'open' }),
    node({ kind: 'instance', id: 'i-1', parent: 'T', who: 'lead' }),
    node({ kind: 'call', id: 'c-1', parent: 'i-1', what: 'crm/a', answer: 'allow', status: 'ok' }),
    node({ kind: 'instance', id: 'i-2', parent: 'i-1', who: 'helper' }),
    node({ kind: 'call', id: 'c-2', parent: 'i-2', what: 'crm/b', answer: 'deny', claimed: true }),
  ]
  const subject = { kind: 'task', id: 'T' } as const
  assert.equal(
    drawTrace({ subject, nodes, complete: false }, SURFACE),
    [
      'task T of ann open',
      '└─ instance i-1 lead',
      '   ├─ 10:00:00.000  crm/a  allow · ok  c-1',
      '   └─ instance i-2 helper',
      '      └─ 10:00:00.000  crm/b  deny  here by its caller’s word  c-2',
      'not all of the log was looked at: there may be more',
      '',
    ].join('\n'),
  )
})

test('a gap stands in a replay with how long it was, and why', () => {
  const to = '2026-11-23T10:00:05.000Z'
  const gap = { gateway: 'gw', from: AT, to, why: 'missing', count: 3 } as const
  assert.equal(
    replayLine({ kind: 'gap', gap }, SURFACE),
    `${AT}  ── gap of 5.0 s: gateway gw has records that are not here (3) ──`,
  )
})
