// Holds the tests of what kind of place an address is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressKind, isLoopbackAddress, isSpecialAddress } from './special-address.ts'

test('every kind of address is told from the others', () => {
  const kinds = {
    public: ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'],
    loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
    private: [
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.1.1',
      'fc00::1',
      'fd12::1',
      'fe80::1',
      '64:ff9b::808:808',
    ],
    metadata: [
      '169.254.169.254',
      '169.254.170.2',
      '100.100.100.200',
      '168.63.129.16',
      'fd00:ec2::254',
      'fd00:0ec2:0::254',
    ],
    never: [
      '0.1.2.3',
      '192.0.2.1',
      '198.18.0.1',
      '203.0.113.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::7f00:1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '::ffff:169.254.169.254',
      '64:ff9b::7f00:1',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::1',
      '2001::1',
      '2001:db8::1',
      '2002:7f00:1::',
      'ff02::1',
      'fec0::1',
      'fe80::1%eth0',
      'localhost',
      '',
      '127.1',
    ],
  } as const
  for (const [kind, addresses] of Object.entries(kinds)) {
    for (const address of addresses) assert.equal(addressKind(address), kind, address)
  }
})

test('an address is public where it is not special, or where clouds tell their secrets by it', () => {
  const ipv6 = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
  const address = fc.oneof(
    fc.ipV4(),
    ipv6.map((parts) => parts.map((part) => part.toString(16)).join(':')),
  )
  fc.assert(
    fc.property(address, (text) => {
      const kind = addressKind(text)
      assert.equal(kind === 'public', !isSpecialAddress(text) && kind !== 'metadata', text)
      assert.equal(kind === 'loopback', isLoopbackAddress(text))
    }),
    { numRuns: 1_000 },
  )
})
