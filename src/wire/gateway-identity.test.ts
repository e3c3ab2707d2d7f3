// Holds tests of what travels when a gateway enrols: exactly what is asked for, and answers that are whole.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf } from '../../test/fakes/authority.ts'
import type { Json } from '../std/json.ts'
import { parseGatewayEnrol, parseIssuedGateway } from './gateway-identity.ts'

const ISSUED = {
  name: 'edge',
  spiffe_id: 'spiffe://example.org/gateway/edge',
  certificates: 'pem',
  bundle: 'pem',
  not_after: '2026-01-01T01:00:00.000Z',
  renew_after: '2026-01-01T00:30:00.000Z',
}

test('a request is {token, csr}, both text, and nothing else', () => {
  assert.deepEqual(parseGatewayEnrol({ token: 'a', csr: 'b' }), { token: 'a', csr: 'b' })
  const wrong: Json[] = [null, [], 'x', {}, { token: 'a' }, { token: 'a', csr: ['b'] }]
  for (const body of [...wrong, { token: 'a', csr: 'b', name: 'edge' }]) {
    assert.throws(() => parseGatewayEnrol(body), faultOf('gateway.request'))
  }
})

test('an answer has every member as text; what a newer server adds is left out', () => {
  assert.deepEqual(parseIssuedGateway({ ...ISSUED, more: 1 }), ISSUED)
  for (const name of Object.keys(ISSUED)) {
    assert.throws(() => parseIssuedGateway({ ...ISSUED, [name]: 1 }), faultOf('gateway.answer'))
  }
  assert.throws(() => parseIssuedGateway(null), faultOf('gateway.answer'))
})
