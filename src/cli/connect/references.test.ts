// Holds the tests of references in configuration files.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientName } from './clients.ts'
import { resolved } from './references.ts'

function at(client: ClientName, said: readonly (readonly [string, string])[] = []) {
  return { client, env: { TOKEN: 'a ${HOME} b', HOME: '/me' }, cwd: '/work', said: new Map(said) }
}

test('variables are taken once, with what stands for them where they are not set', () => {
  const scope = at('claude-code')
  // What a variable holds is no reference.
  assert.deepEqual(resolved('x ${TOKEN} y', scope).text, 'x a ${HOME} b y')
  assert.deepEqual(resolved('${NOT:-a-b}', scope), { text: 'a-b', wanting: [], referred: true })
  assert.deepEqual(resolved('${NOT}', scope), { text: '${NOT}', wanting: ['NOT'], referred: false })
})

test('each client has its own words, and a client without any has none', () => {
  assert.equal(resolved('${env:HOME}/${workspaceFolderBasename}', at('cursor')).text, '/me/work')
  assert.deepEqual(resolved('${input:key}', at('vscode')).wanting, ['input:key'])
  assert.equal(resolved('${input:key}', at('vscode', [['input:key', 'v']])).text, 'v')
  assert.deepEqual(resolved('${HOME}', at('cursor')).wanting, ['HOME'])
  assert.equal(resolved('$HOME/${HOME}', at('gemini')).text, '/me//me')
  assert.equal(resolved('$HOME', at('claude-code')).text, '$HOME')
  assert.equal(resolved('${HOME}', at('claude-desktop')).text, '${HOME}')
})
