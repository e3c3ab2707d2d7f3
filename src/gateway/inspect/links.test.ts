// Holds tests of the removal of links: every way to write one that a browser or Markdown follows, and nothing that leads nowhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshEffort } from './effort.ts'
import type { HostLists } from './link-hosts.ts'
import { withoutLinks as without } from './links.ts'

const withoutLinks = (text: string, lists: HostLists) => without(text, lists, freshEffort())
const LISTS = [['docs.example.com', '*.corp.example']]
const seen = (text: string): string => withoutLinks(text, LISTS)?.text ?? text

const KEPT = [
  'see https://docs.example.com/a?b=c#d and [x](https://wiki.corp.example/y "t").',
  '![local](./a.png) [top](#top) <a href="/x">x</a> // a comment',
  'file:///etc/hosts memo://insights key: value 10:30 a:b C:\\dir std::vector ratio 1:2',
  '{"a":"b"} import x from "node:fs" mailto:ann@corp.example 50% & more',
]

for (const text of KEPT) test(`left alone: ${text}`, () => assert.equal(seen(text), text))

const REMOVED = [
  'https://evil.test/x',
  'HTTPS://EVIL.TEST/x',
  '![a](https://evil.test/a.png?d=c2VjcmV0)',
  '![a](<https://evil.test/a b.png>)',
  '[a]( https://evil.test "title")',
  '![a][r]\n\n[r]: https://evil.test/x',
  '[r]:\n  <https://evil.test/x>',
  '<https://evil.test>',
  'www.evil.test/x',
  '![a](//evil.test/x)',
  '![a](/\\evil.test/x)',
  '![a](\\\\evil.test/x)',
  'http:/evil.test/x',
  'http:evil.test/x',
  '<img src=https://evil.test/x>',
  "<img src='//evil.test/x'>",
  '<img src="ht\ntps://evil.test/x">',
  '<img src="https&colon;//evil.test/x">',
  '<img src="&#104;ttps://evil.test/x">',
  '<img src="&#x68;&#x74;tps:&sol;&sol;evil.test">',
  '<img srcset="https://docs.example.com/a 1x, https://evil.test/b 2x">',
  '<a href="javascript:fetch(1)">',
  '<meta http-equiv=refresh content="0; url=https://evil.test">',
  '<svg><image xlink:href="https://evil.test/x"/></svg>',
  '<div style="background:url(//evil.test/x)">',
  'https://docs.example.com@evil.test/',
  'https://docs.example.com:x@evil.test/',
  'https://evil.test\\@docs.example.com',
  'https://docs.example.com.evil.test/',
  'https://evilcorp.example.test/',
  'https://corp.example.evil.test/',
  'https://evil%2etest/x',
  'wss://evil.test/socket',
  'data:text/html;base64,PHNjcmlwdD4=',
  '![a](data:image/svg+xml,%3Csvg%3E)',
  'https:\\u002f\\u002fevil.test/x',
  'ftp://evil.test/x',
  'https://[::1]/x',
  'https://２１.test/',
]

for (const text of REMOVED) {
  test(`taken out: ${JSON.stringify(text)}`, () => {
    const out = withoutLinks(text, LISTS)
    assert.ok(out !== undefined && out.removed > 0)
    assert.equal(/evil|javascript|data:|::1|２/i.test(out.text), false, out.text)
  })
}

test('a star stands for names below, and not for the name itself', () => {
  assert.match(seen('https://corp.example/'), /removed/)
  assert.doesNotMatch(seen('https://a.b.corp.example/'), /removed/)
})

test('a link has to be in every list, and an empty list has none', () => {
  const text = 'https://docs.example.com/'
  assert.equal(
    withoutLinks(text, [['docs.example.com'], ['docs.example.com', 'x.test']]),
    undefined,
  )
  assert.equal(withoutLinks(text, [['docs.example.com'], ['x.test']])?.removed, 1)
  assert.equal(withoutLinks(text, [[]])?.removed, 1)
})
