// Holds the tests of configuration files in TOML: every way to write a table, changed and given back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'smol-toml'
import { TRANSPORT_KEYS, type EntryChange } from './document.ts'
import { TomlDocument } from './toml.ts'

const HEAD = '# mine\nmodel = "o3" # fast\nnotes = """\n[mcp_servers.fake]\ncommand = "no"\n"""\n\n'
const TAIL = '\n# after\n[profiles.x]\napproval = "never"\n'

const FORMS: Readonly<Record<string, string>> = {
  'a table with a table of variables':
    '[mcp_servers.a]\ncommand = "npx"\nargs = [\n  "-y", # yes\n  "x",\n]\nstartup_timeout_sec = 5\n\n[mcp_servers.a.env]\nKEY = "s3cret"\n',
  'dotted keys':
    '[mcp_servers.a]\ncommand = "npx"\nargs = ["x"]\nenv.KEY = "s3cret"\nstartup_timeout_sec = 5\n',
  'an inline table of variables':
    '[mcp_servers.a]\ncommand = "npx"\nenv = { KEY = "s3cret" }\nstartup_timeout_sec = 5 # keep\n',
  'an inline entry':
    '[mcp_servers]\na = { command = "npx", args = ["x"], startup_timeout_sec = 5, env = { KEY = "s3cret" } }\n',
  'quoted keys':
    '["mcp_servers"."a"]\n"command" = \'npx\'\n"env" = { KEY = "s3cret" }\nstartup_timeout_sec = 5\n',
  'an address':
    '[mcp_servers.a]\nurl = "https://example.com/mcp"\nstartup_timeout_sec = 5\nhttp_headers = { "X-Key" = "s3cret" }\n',
}

function change(document: TomlDocument): EntryChange {
  const [entry] = document.entries([['mcp_servers']])
  const set = [
    ['command', '/bin/us'],
    ['args', ['mcp', 'a "quoted" \\ one']],
  ] as const
  const remove = Object.keys(entry!.value).filter(
    (key) => TRANSPORT_KEYS.has(key) && key !== 'command' && key !== 'args',
  )
  return { place: ['mcp_servers', 'a'], remove, set }
}

for (const [form, middle] of Object.entries(FORMS)) {
  for (const eol of ['\n', '\r\n']) {
    test(`${form}, with ${JSON.stringify(eol)}: the entry changes, everything else stays, and it comes back`, () => {
      const text = (HEAD + middle + TAIL).replaceAll('\n', eol)
      const document = new TomlDocument(text)
      const wish = change(document)
      const after = document.rewrite([wish])
      assert.doesNotMatch(after, /s3cret/)
      for (const kept of [
        '# mine',
        '# fast',
        '[mcp_servers.fake]',
        '# after',
        'approval = "never"',
      ]) {
        assert.ok(after.includes(kept), kept)
      }
      const { mcp_servers: servers } = parse(after) as unknown as {
        mcp_servers: { a: Record<string, unknown> }
      }
      assert.deepEqual(
        { ...servers.a },
        {
          command: '/bin/us',
          args: ['mcp', 'a "quoted" \\ one'],
          startup_timeout_sec: 5,
        },
      )
      const back = new TomlDocument(after).restore(document, [wish.place], TRANSPORT_KEYS)
      assert.deepEqual(parse(back), parse(text))
    })
  }
}

test('INV-10 a file that is no TOML is refused with its place, and nothing of it is quoted', () => {
  assert.throws(
    () => new TomlDocument('a = 1\nkey = s3cret\n'),
    (error: Error) => /line 2/.test(error.message) && !/s3cret/.test(error.message),
  )
})
