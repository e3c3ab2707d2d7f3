// Holds the tests of configuration files in JSON with comments: what is no business of ours stays to the byte.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TRANSPORT_KEYS, type EntryChange } from './document.ts'
import { JsoncDocument } from './jsonc.ts'

const TEXT = `{
\t// my servers
\t"mcpServers": {
\t\t"a": { "command": "npx", "args": ["-y", "x"], "env": { "K": "v" }, "disabled": false }, // one
\t\t/* two */ "b": {
\t\t\t"type": "http",
\t\t\t"url": "https://example.com/mcp",
\t\t\t"headers": { "Authorization": "Bearer t" },
\t\t},
\t},
\t"other": [1.50, "é"],
}
`

function change(name: string, remove: string[]): EntryChange {
  const set = [
    ['command', '/bin/us'],
    ['args', ['mcp', name]],
  ] as const
  return { place: ['mcpServers', name], remove, set }
}

const CHANGES = [change('a', ['env']), change('b', ['type', 'url', 'headers'])]

for (const [what, text] of [
  ['line feeds and tabs', TEXT],
  ['CRLF', TEXT.replaceAll('\n', '\r\n')],
  ['four spaces', TEXT.replaceAll('\t', '    ')],
] as const) {
  test(`entries change, and everything around them stays: ${what}`, () => {
    const document = new JsoncDocument(text)
    const after = document.rewrite(CHANGES)
    for (const kept of [
      '// my servers',
      '// one',
      '/* two */',
      '[1.50, "é"],',
      '"disabled": false',
    ]) {
      assert.ok(after.includes(kept), kept)
    }
    assert.doesNotMatch(after, /Bearer|"K"/)
    assert.equal(text.includes('\r\n'), after.includes('\r\n'))
    if (text.includes('\r\n')) assert.doesNotMatch(after, /[^\r]\n/)
    const places = CHANGES.map(({ place }) => place)
    const back = new JsoncDocument(after).restore(document, places, TRANSPORT_KEYS)
    const [a, b] = [new JsoncDocument(back), document].map((one) => one.entries([['mcpServers']]))
    assert.deepEqual(a, b)
  })
}

test('what somebody changed since stays theirs when entries are put back', () => {
  const document = new JsoncDocument(TEXT)
  const after = document
    .rewrite(CHANGES)
    .replace('"disabled": false', '"disabled": true')
    .replace('// my servers', '// our servers')
  const places = CHANGES.map(({ place }) => place)
  const back = new JsoncDocument(after).restore(document, places, TRANSPORT_KEYS)
  assert.match(back, /our servers/)
  const [a] = new JsoncDocument(back).entries([['mcpServers']])
  assert.deepEqual(
    { ...a?.value, env: undefined },
    {
      command: 'npx',
      args: ['-y', 'x'],
      env: undefined,
      disabled: true,
    },
  )
})

for (const [what, text, place] of [
  ['a comma that is missing', '{"a":1 "b":2}', 'line 1, column 8'],
  ['an end that is missing', '{\n  "mcpServers": {', 'line 2'],
  ['a key that stands twice', '{"mcpServers":{"a":{},\n"a":{}}}', 'line 2, column 1'],
  ['the key __proto__', '{"mcpServers":{"__proto__":{"command":"x"}}}', 'line 1'],
  ['two objects of servers', '{"mcpServers":{},"mcpServers":{}}', 'line 1, column 18'],
  ['a list', '[]', 'no object'],
  ['nesting without end', '['.repeat(200_000), 'the file'],
] as const) {
  test(`INV-10 a file with ${what} is refused, and its place is told`, () => {
    assert.throws(
      () => new JsoncDocument(text).entries([['mcpServers']]),
      (error: Error) => error.message.startsWith('connect.syntax') && error.message.includes(place),
    )
  })
}

test('whatever the names and values are, a change is exactly that change, and undone it is undone', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((one) => one !== '__proto__')
  const entry = fc.record({ command: fc.string(), env: fc.dictionary(name, fc.string()) })
  fc.assert(
    fc.property(fc.dictionary(name, entry, { minKeys: 1 }), fc.nat(4), (servers, indent) => {
      const text = JSON.stringify({ mcpServers: servers }, undefined, indent)
      const document = new JsoncDocument(text)
      const changes = Object.keys(servers).map((one) => change(one, ['env']))
      const after = document.rewrite(changes)
      const places = changes.map(({ place }) => place)
      const back = new JsoncDocument(after).restore(document, places, TRANSPORT_KEYS)
      assert.deepEqual(JSON.parse(back), JSON.parse(text))
    }),
    { numRuns: 60 },
  )
})
