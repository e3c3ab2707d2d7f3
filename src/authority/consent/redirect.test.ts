// Holds the tests of redirect URIs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isRedirectUri, matchRedirect, redirectOrigin, withParameters } from './redirect.ts'

const HOST = 'https://client.example/callback'

test('RFC 9700 §2.1 the redirect URI is compared by text, with exactly what was registered', () => {
  const registered = [HOST, 'https://client.example/other?a=1']
  assert.equal(matchRedirect(registered, HOST), HOST)
  assert.equal(matchRedirect(registered, registered[1]), registered[1])
  for (const asked of [
    `${HOST}/`,
    `${HOST}?a=1`,
    `${HOST}#x`,
    'https://client.example/callback/../callback',
    'https://client.example/./callback',
    'https://client.example//callback',
    'https://CLIENT.example/callback',
    'https://client.example:443/callback',
    'https://client.example:8443/callback',
    'https://client.example.evil.example/callback',
    'https://client.example@evil.example/callback',
    'https://evil.example/https://client.example/callback',
    'https://client.example\\@evil.example/callback',
    'https://client.example%2Fcallback',
    'http://client.example/callback',
    'HTTPS://client.example/callback',
    'https:client.example/callback',
    'https:///client.example/callback',
    ' https://client.example/callback',
    'https://client.example/callback\r\nx: y',
    'https://client.example/other',
    'https://client.example/other?a=2',
    'https://client.example/other?a=1&a=1',
    '//client.example/callback',
    'javascript:alert(1)//https://client.example/callback',
    'data:text/html,x',
    '',
  ]) {
    assert.equal(matchRedirect(registered, asked), undefined, asked)
  }
})

test('RFC 8252 §7.3 on loopback the port may be another, and nothing else may', () => {
  const registered = [
    'http://127.0.0.1/callback',
    'http://[::1]:9/callback',
    'http://localhost:80/cb',
  ]
  for (const asked of [
    'http://127.0.0.1:33418/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:33418/callback',
    'http://localhost:1/cb',
  ]) {
    assert.equal(matchRedirect(registered, asked), asked)
  }
  for (const asked of [
    'http://localhost:33418/callback',
    'http://127.0.0.2:33418/callback',
    'http://127.0.0.1:33418/callback/',
    'http://127.0.0.1:33418/callback?x=1',
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:65536/callback',
    'http://127.0.0.1:/callback',
    'http://127.0.0.1:33418@evil.example/callback',
    'http://127.0.0.1.evil.example:33418/callback',
    'http://localhost.evil.example/cb',
    'https://127.0.0.1:33418/callback',
    'http://127.1:33418/callback',
    'http://0x7f.0.0.1:33418/callback',
    'http://2130706433:33418/callback',
  ]) {
    assert.equal(matchRedirect(registered, asked), undefined, asked)
  }
  // Of a host elsewhere the port is as fixed as everything else.
  assert.equal(
    matchRedirect(['https://client.example/cb'], 'https://client.example:8443/cb'),
    undefined,
  )
})

test('RFC 6749 §3.1.2.3 the redirect URI may be left out where there is only one', () => {
  assert.equal(matchRedirect([HOST], undefined), HOST)
  assert.equal(matchRedirect([HOST, `${HOST}2`], undefined), undefined)
})

test('only https, and http on this machine, is ever sent a code', () => {
  for (const uri of [HOST, 'http://localhost:1/', 'http://[::1]/x', 'https://127.0.0.1/x']) {
    assert.equal(isRedirectUri(uri), true, uri)
  }
  for (const uri of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html;base64,AAAA',
    'vbscript:x',
    'file:///etc/passwd',
    'com.example.app:/callback',
    'cursor://anysphere/callback',
    'http://client.example/callback',
    'https://user:pw@client.example/',
    'https://user@client.example/',
    'https://a;script-src/x',
    'https://a,b.example/',
    "https://a'b.example/",
    'https://',
    'https://client.example/"onload=x',
    'https://client.example/<script>',
    'https://client.example/a b',
    'https://client.example/ü',
    `https://client.example/${'a'.repeat(1_024)}`,
  ]) {
    assert.equal(isRedirectUri(uri), false, uri)
  }
})

test('whatever is asked for, what is answered at was registered', () => {
  const registered = [HOST, 'http://127.0.0.1:1/cb?x=y']
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.string(), fc.constantFrom(...registered)), (asked) => {
      const found = matchRedirect(registered, asked)
      if (found === undefined) return true
      const plain = (uri: string) => uri.replace(/^(http:\/\/127\.0\.0\.1)(?::\d+)?/, '$1')
      return registered.some((one) => plain(one) === plain(found))
    }),
  )
})

test('parameters are added to what a redirect URI has, and break out of nothing', () => {
  const uri = withParameters('https://client.example/cb?a=1', {
    state: '\r\n&code=x#y',
    code: undefined,
  })
  assert.equal(uri, 'https://client.example/cb?a=1&state=%0D%0A%26code%3Dx%23y')
  assert.equal(redirectOrigin('http://[::1]:8080/cb'), 'http:')
  assert.equal(redirectOrigin('http://localhost:8080/cb'), 'http://localhost:8080')
})
