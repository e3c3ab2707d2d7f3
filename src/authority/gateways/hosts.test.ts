// Holds tests of the names of gateways: one spelling each, and none that is of nobody, of everybody, or of somebody else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf } from '../../../test/fakes/authority.ts'
import { altNamesOf, checkedHosts } from './hosts.ts'

test('names and addresses have one spelling, and stand in a certificate as octets', () => {
  const said = [
    'EDGE.Example.org',
    '10.0.0.7',
    '2001:DB8:0::1',
    '2001:db8::10.0.0.1',
    '::1',
    'edge',
  ]
  const kept = ['10.0.0.7', '2001:db8::1', '2001:db8::a00:1', '::1', 'edge', 'edge.example.org']
  assert.deepEqual(checkedHosts([...said, ...kept]), kept)
  assert.deepEqual(
    altNamesOf(kept).map((name) => ('ip' in name ? Buffer.from(name.ip).toString('hex') : name)),
    [
      '0a000007',
      '20010db8000000000000000000000001',
      '20010db800000000000000000a000001',
      '00000000000000000000000000000001',
      { dns: 'edge' },
      { dns: 'edge.example.org' },
    ],
  )
})

test('a wildcard, an empty label, an address of no machine, a URI and a name of control are refused', () => {
  const wrong = [
    ['', '.', 'a.', '.a', 'a..b', '*', '*.example.org', 'a.*', '-a.b', 'a-.b', 'a_b.c'],
    ['1.2.3', '1.2.3.4.5', '010.0.0.1', '0x7f.1', '0.0.0.0', '0.1.2.3', '224.0.0.1'],
    ['255.255.255.255', '::', 'ff02::1', '::ffff:10.0.0.7', '::FFFF:a00:7', '64:ff9b::a00:7'],
    ['fe80::1%eth0', '[::1]', '::1]', '10.0.0.7:443', 'edge:443', 'user@edge', 'edge/x'],
    ['spiffe://bailiwick.test/gateway/other', 'a,URI:spiffe://x/y', 'a, DNS:b', 'a\0.b', 'a b'],
    ['localhost', 'LOCALHOST', 'bailiwick.localhost', 'abc.root.bailiwick.localhost'],
    ['bücher.example', '\u212Aing.example', 'ed\u00ADge', 'a'.repeat(64), `${'a.'.repeat(127)}a`],
  ].flat()
  for (const host of wrong) {
    assert.throws(() => checkedHosts(['edge.example.org', host]), faultOf('gateway.host'), host)
  }
  const many = Array.from({ length: 17 }, (_, at) => `edge-${at}.example.org`)
  assert.equal(checkedHosts(many.slice(1)).length, 16)
  assert.throws(() => checkedHosts(many), faultOf('gateway.host'))
})
