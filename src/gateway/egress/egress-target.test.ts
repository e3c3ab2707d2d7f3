// Holds tests of where a request is to go: read in one way alone, or not at all.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { absoluteTarget, connectTarget } from './egress-target.ts'
import { hostList, isListed } from './host-list.ts'

test('an absolute URL is taken apart as it is written', () => {
  assert.deepEqual(absoluteTarget('http://Example.com.:8080/a%20b?x=1&y'), {
    scheme: 'http',
    host: 'example.com',
    port: 8080,
    path: '/a%20b',
    query: 'x=1&y',
  })
  assert.deepEqual(absoluteTarget('https://example.com'), {
    scheme: 'https',
    host: 'example.com',
    port: 443,
    path: '/',
  })
  assert.equal(absoluteTarget('http://[0:0::1]/')?.host, '::1')
})

test('what could be read in two ways is refused', () => {
  for (const url of [
    'http://user@example.com/',
    'http://example.com\\@evil.example/',
    'http://example.com/a/../b',
    'http://example.com/a/%2e%2E/b',
    'http://example.com/a#b',
    'http://example.com/ä',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://127.1/',
    'http://exa mple.com/',
    'http:///path',
    'ftp://example.com/',
    'http://example.com:0/',
    'http://example.com:99999/',
    'http://example..com/',
  ]) {
    assert.equal(absoluteTarget(url), undefined, url)
  }
})

test('CONNECT names a host and a port, and nothing else', () => {
  assert.deepEqual(connectTarget('Example.com:443'), { host: 'example.com', port: 443 })
  assert.deepEqual(connectTarget('[::1]:22'), { host: '::1', port: 22 })
  for (const text of [
    'example.com',
    'example.com:',
    'a@b:443',
    'http://a:443',
    ':443',
    '0177.1:80',
    '',
  ]) {
    assert.equal(connectTarget(text), undefined, text)
  }
})

test('the host that is decided on is the host that a URL parser would connect to', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
      const read = absoluteTarget(url)
      if (read === undefined) return
      const parsed = new URL(url)
      assert.equal(parsed.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, ''), read.host)
      assert.equal(parsed.pathname, read.path)
    }),
  )
})

test('a list of hosts allows what it names, with the ports that it names', () => {
  const list = hostList(['Api.Example.com:443', 'example.org', '10.0.0.1:5432', 'not a host'])
  assert.equal(isListed(list, 'api.example.com', 443), true)
  assert.equal(isListed(list, 'api.example.com', 80), false)
  assert.equal(isListed(list, 'example.org', 22), true)
  assert.equal(isListed(list, '10.0.0.1', 5432), true)
  assert.equal(isListed(list, 'evil.example.org', 443), false)
  assert.equal(list.size, 3)
})
