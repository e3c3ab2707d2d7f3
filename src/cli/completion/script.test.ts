// Holds the tests of completion: bash itself is asked what it would offer, and fish's lines are well quoted.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { completionScript, type CommandTree } from './script.ts'

const verb = (name: string, options: string[] = []): CommandTree => ({
  name,
  summary: `what’s ${name}, it's clear`,
  options,
  commands: [],
})
const TREE: CommandTree = {
  name: 'bailiwick',
  summary: '',
  options: ['-o', '--output'],
  commands: [
    { ...verb('agent'), commands: [verb('add', ['--purpose']), verb('ls')] },
    { ...verb('approval'), commands: [verb('approve', ['--reason'])] },
    verb('add'),
  ],
}

/** What bash would offer after these words. */
function offered(...words: string[]): string[] {
  const script = `${completionScript('bash', TREE)}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length - 1}
    COMPREPLY=()
    _bailiwick
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['-c', script], { encoding: 'utf8' })
  return out.split('\n').filter((line) => line !== '')
}

test('bash offers nouns, then verbs, then options, past options with values', () => {
  assert.deepEqual(offered('bailiwick', 'a'), ['agent', 'approval', 'add'])
  assert.deepEqual(offered('bailiwick', 'agent', ''), ['add', 'ls', '-o', '--output'])
  assert.deepEqual(offered('bailiwick', '-o', 'json', 'agent', 'l'), ['ls'])
  assert.deepEqual(offered('bailiwick', 'agent', 'add', 'scout', '--p'), ['--purpose'])
  assert.deepEqual(offered('bailiwick', 'add', '--p'), [])
  assert.deepEqual(offered('bailiwick', 'call', '--', 'agent', ''), [])
})

test('fish gets one line for each word, quoted', () => {
  const script = completionScript('fish', TREE)
  assert.match(script, /-a approve -d 'what’s approve, it\\'s clear'\n/)
  assert.match(
    script,
    /__fish_seen_subcommand_from agent; and __fish_seen_subcommand_from add' -l purpose\n/,
  )
  assert.match(completionScript('zsh', TREE), /^#compdef bailiwick\n/)
})
