// Holds tests of SPIFFE IDs: what is written is read, and nothing else is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTrustDomain, parseSpiffeId, spiffeId, type Named } from './spiffe.ts'

const INSTANCE = '01890000-0000-7000-8000-000000000001'

test('every kind of name reads back as it was written', () => {
  const names: Named[] = [
    { kind: 'domain', domain: 'example.org' },
    { kind: 'server', domain: 'example.org', role: 'gateway' },
    { kind: 'server', domain: 'a-b_c.1', role: 'identity' },
    { kind: 'server', domain: 'example.org', role: 'control' },
    { kind: 'gateway', domain: 'example.org', name: 'edge-1' },
    { kind: 'instance', domain: 'example.org', agent: 'mail-sorter', instance: INSTANCE },
  ]
  for (const named of names) assert.deepEqual(parseSpiffeId(spiffeId(named)), named)
})

test('SPIFFE-ID §2: anything else is not a name of ours', () => {
  for (const text of [
    '',
    'spiffe://',
    'SPIFFE://example.org',
    'https://example.org',
    'spiffe://Example.org',
    'spiffe://example.org/',
    'spiffe://example.org:443',
    'spiffe://user@example.org',
    'spiffe://example.org?x=1',
    'spiffe://example.org#x',
    'spiffe://example.org/agent/mail-sorter',
    'spiffe://example.org/agent/Mail/' + INSTANCE,
    'spiffe://example.org/agent/mail-sorter/1',
    `spiffe://example.org/agent/mail-sorter/${INSTANCE}/`,
    `spiffe://example.org/agent/../${INSTANCE}`,
    `spiffe://example.org/agent/mail-sorter/${INSTANCE}\n`,
    'spiffe://example.org/bailiwick/other',
    'spiffe://example.org/gateway',
    'spiffe://example.org/gateway/',
    'spiffe://example.org/gateway/Edge',
    'spiffe://example.org/gateway/edge/',
    'spiffe://example.org/gateway/edge/1',
    `spiffe://example.org/gateway/edge/${INSTANCE}`,
    'spiffe://example.org/gateway/..',
    `spiffe://example.org/bailiwick/gateway/${INSTANCE}`,
    'spiffe://example.org/other/gateway',
  ]) {
    assert.equal(parseSpiffeId(text), undefined, JSON.stringify(text))
  }
  assert.equal(isTrustDomain('a'.repeat(256)), false)
})
