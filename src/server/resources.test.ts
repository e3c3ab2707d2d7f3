// Holds the tests of resources: the forms that a gateway has, of systems that are there, and no other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayResources } from './resources.ts'

test('a resource is a gateway with all its systems, or one system of it', () => {
  const urls = ['https://127.0.0.1:7443', 'http://127.0.0.1:7401']
  const resources = new GatewayResources(() => urls, new Map([['fs', true]]))
  assert.deepEqual(resources.all(), ['https://127.0.0.1:7443/mcp', 'http://127.0.0.1:7401/mcp'])
  assert.equal(resources.systemOf('https://127.0.0.1:7443/mcp'), '*')
  assert.equal(resources.systemOf('http://127.0.0.1:7401/mcp/fs'), 'fs')
  for (const [url, system] of [
    ['https://127.0.0.1:7443', '*'],
    ['https://127.0.0.1:7443/', '*'],
    ['https://localhost:7443/mcp', '*'],
    ['http://bailiwick.localhost:7401/mcp/fs', 'fs'],
  ] as const) {
    assert.equal(resources.systemOf(url), system, url)
  }
  for (const wrong of [
    'https://127.0.0.1:7443/mcp/',
    'https://127.0.0.1:7443/mcp/git',
    'https://127.0.0.1:7443/mcp/fs/',
    'https://127.0.0.1:7443/mcp/fs?x=1',
    'https://127.0.0.1:7443/mcp/fs#x',
    'https://127.0.0.1:7443/mcp/%66s',
    'HTTPS://127.0.0.1:7443/mcp',
    'https://localhost:7444/mcp',
    'https://elsewhere:7443/mcp',
    'https://127.0.0.1:7443//',
    'http://127.0.0.1:7443/mcp',
  ]) {
    assert.equal(resources.known(wrong), false, wrong)
  }
})
