// Holds the tests of the replay of revoked tokens: what the log took away stays away, and nothing else does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enrol, GATEWAY, instanceId, tokenBench } from '../../../test/fakes/tokens.ts'
import { base64url, sha256 } from '../../std/bytes.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import { replayTokens } from './token-replay.ts'

test('INV-13 a token whose revocation is in the log and not in its row is revoked before it is served', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  const of = {
    instance: instanceId(1),
    audience: [GATEWAY],
    binding: { kind: 'dpop', value: 'k' },
  } as const
  const one = await bench.tokens.issue(of)
  const two = await bench.tokens.issue(of)
  const logged = (token: string, index: number) =>
    ({
      index,
      leaf: base64url(sha256(token)),
      record: { id: 'r', ts: '2026-01-01T00:00:01.000Z', type: 'token.revoked', body: { token } },
    }) as unknown as LoggedRecord
  const tail = () => Promise.resolve([logged('another', 2), logged(one.id, 1)])
  assert.equal(await replayTokens({ audit: { tail }, store: bench.store }), 1)
  assert.equal(await replayTokens({ audit: { tail }, store: bench.store }), 0)
  await bench.restart()
  const found = (text: string) => 'refused' in bench.tokens.find(text)
  assert.deepEqual([found(one.text), found(two.text)], [true, false])
})
