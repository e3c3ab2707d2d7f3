// Holds tests of addresses of the identity listener.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from './pin.ts'

test('addresses resolve to what can be dialled', () => {
  for (const [url, origin] of [
    ['https://127.0.0.1:7402', 'https://127.0.0.1:7402'],
    ['https://bailiwick.localhost:7402/', 'https://127.0.0.1:7402'],
    ['https://localhost:7402', 'https://127.0.0.1:7402'],
    ['https://[::1]:7402', 'https://[::1]:7402'],
    ['https://identity.example.org', 'https://identity.example.org:443'],
    ['https://notlocalhost:1', 'https://notlocalhost:1'],
  ] as const) {
    assert.equal(address(url).origin, origin)
  }
})

test('what is not an https address is refused', () => {
  for (const url of ['', 'hello', 'http://127.0.0.1:7402', '127.0.0.1:7402', 'https://']) {
    assert.throws(() => address(url), { code: 'holder.address' }, url)
  }
})
