// Holds the tests of held calls as approvers see them: the real arguments, and nothing that hides.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../std/bytes.ts'
import { isObject, parseJson } from '../../std/json.ts'
import type { Approval } from '../../wire/api/approval.ts'
import { drawApproval } from './approval.ts'
import { plain } from './paint.ts'

const NOW = Date.parse('2026-11-22T12:00:00.000Z')

function approval(input: string): Approval {
  const tree = parseJson(utf8(input))
  assert.ok(isObject(tree))
  return {
    id: '01a2050a-e4dc-7938-8400-397d4403633f',
    state: 'pending',
    agent: 'mover',
    instance: '01a2050a-e4c5-70e3-b2cd-34c5738ab926',
    person: 'olga',
    system: 'files',
    action: 'move_file',
    effects: ['destructive'],
    gates: [
      {
        name: 'operator',
        asks: 'the role operator',
        policy: 'moves',
        reason: 'moves are looked at',
        agreed_by: [],
        missing: 1,
        present: false,
        escalated: [],
        escalates_to: [],
        yours: true,
      },
    ],
    reason: 'held for operator',
    amendments: [],
    unusual: null,
    similar: 0,
    asked_at: '2026-11-22T11:59:00.000Z',
    expires_at: '2026-11-22T12:04:00.000Z',
    url: 'http://bailiwick.localhost:7400/approvals/01a2050a-e4dc-7938-8400-397d4403633f',
    call: '01a2050a-e4da-7f14-a361-893024435050',
    situation: 'Bailiwick runs under a service account',
    input: tree,
  }
}

test('arguments are shown exactly, numbers as they were sent', () => {
  const text = drawApproval(
    approval('{"cents":9007199254740993,"to":"anna"}'),
    { paint: plain },
    NOW,
  )
  assert.match(text, /"cents": 9007199254740993,\n {2}"to": "anna"/)
  assert.match(text, /call +files\/move_file\n/)
  assert.match(text, /gate +the role operator \(policy moves\): moves are looked at \(yours\)/)
  assert.match(text, /expires +2026-11-22 12:04:00Z \(in 4 min\)/)
  assert.doesNotMatch(text, /warning/)
})

test('invisible and direction-changing characters are counted and shown as escapes, in keys too', () => {
  const input = '{"path":"/safe/\u202etxt.exe","k\u200b":["\u2066x"]}'
  const text = drawApproval(approval(input), { paint: plain }, NOW)
  assert.match(text, /warning: 3 invisible or direction-changing characters/)
  assert.match(text, /\/safe\/\\u202etxt\.exe/)
  assert.match(text, /"k\\u200b"/)
  assert.doesNotMatch(text, /[\p{Cf}]/u)
})

test('a final approval says that its arguments are no longer shown', () => {
  const text = drawApproval(
    { ...approval('{}'), state: 'denied', input: null },
    { paint: plain },
    NOW,
  )
  assert.match(text, /no longer shown/)
})
