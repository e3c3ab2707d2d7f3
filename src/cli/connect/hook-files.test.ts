// Holds the tests of hooks in settings: ours are taken out, and nobody else's.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutHooks } from './hook-files.ts'

const OURS =
  "'/opt/bailiwick/bin/bailiwick' --home '/home/me/it'\\\\''s' hook claude-code --as a || exit 2"

test('ours go from every form, and what is left without anything goes with them', () => {
  const text = `{
  // keep
  "model": "x",
  "hooks": {
    "PreToolUse": [
      { "matcher": "Bash", "hooks": [{ "type": "command", "command": "mine" }] }, // mine
      { "hooks": [{ "type": "command", "command": "${OURS}", "timeout": 90 }] }
    ],
    "preToolUse": [{ "command": "${OURS}" }],
    "other": [{ "type": "command", "bash": "${OURS}" }, { "bash": "bailiwick status" }]
  }
}
`
  const after = withoutHooks('', text)
  assert.doesNotMatch(after, /--as a/)
  for (const kept of ['// keep', '"mine"', '// mine', 'bailiwick status']) {
    assert.ok(after.includes(kept), kept)
  }
  assert.doesNotMatch(after, /preToolUse/)
})

test('settings that were ours alone are empty, and those without hooks stay to the byte', () => {
  const ours = `{"hooks":{"preToolUse":[{"command":"${OURS}"}]}}`
  assert.deepEqual(JSON.parse(withoutHooks('', ours)), {})
  const text = '{ "a": 1, }\n'
  assert.equal(withoutHooks('', text), text)
})
