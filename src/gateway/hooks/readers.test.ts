// Holds the tests of reading hooks: every client's documented forms, and whatever else arrives.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../std/bytes.ts'
import { parseJson, type JsonObject } from '../../std/json.ts'
import { HOOK_CLIENTS, type HookClient } from '../../wire/client.ts'
import { READERS } from './readers.ts'

function read(client: HookClient, body: object): object {
  return READERS[client](parseJson(utf8(JSON.stringify(body))) as JsonObject)
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

const BEFORE = { phase: 'before', tool: 'Bash', input: { command: 'ls' }, use: 'u' }

for (const [client, body, event] of [
  [
    'claude-code',
    {
      hook_event_name: 'PreToolUse',
      tool_name: 'Bash',
      tool_input: { command: 'ls' },
      tool_use_id: 'u',
    },
    BEFORE,
  ],
  [
    'claude-code',
    {
      hook_event_name: 'PostToolUse',
      tool_name: 'Bash',
      tool_use_id: 'u',
      tool_response: { success: false },
    },
    { phase: 'after', tool: 'Bash', use: 'u', failed: true },
  ],
  [
    'claude-code',
    { hook_event_name: 'PostToolUseFailure', tool_name: 'Bash', tool_use_id: 'u', error: 'x' },
    { phase: 'after', tool: 'Bash', use: 'u', failed: true },
  ],
  ['claude-code', { hook_event_name: 'SessionStart' }, { phase: 'other' }],
  [
    'claude-code',
    { hook_event_name: 'PreToolUse', tool_name: 'mcp__x__y', tool_input: {} },
    { phase: 'other' },
  ],
  [
    'codex',
    {
      hook_event_name: 'PreToolUse',
      tool_name: 'Bash',
      tool_input: { command: 'ls' },
      tool_use_id: 'u',
    },
    BEFORE,
  ],
  [
    'cursor',
    {
      hook_event_name: 'preToolUse',
      tool_name: 'Bash',
      tool_input: { command: 'ls' },
      tool_use_id: 'u',
    },
    BEFORE,
  ],
  [
    'cursor',
    { hook_event_name: 'beforeShellExecution', command: 'ls', cwd: '/w' },
    { phase: 'before', tool: 'Shell', input: { command: 'ls', cwd: '/w' } },
  ],
  [
    'cursor',
    { hook_event_name: 'beforeReadFile', file_path: '/a', content: 'secret' },
    { phase: 'before', tool: 'Read', input: { file_path: '/a' } },
  ],
  ['cursor', { hook_event_name: 'beforeMCPExecution', tool_name: 'x' }, { phase: 'other' }],
  ['vscode', { toolName: 'Bash', toolArgs: '{"command":"ls"}', toolCallId: 'u' }, BEFORE],
  [
    'vscode',
    {
      hookEventName: 'PreToolUse',
      tool_name: 'Bash',
      tool_input: { command: 'ls' },
      tool_use_id: 'u',
    },
    BEFORE,
  ],
  [
    'vscode',
    { toolName: 'Bash', toolArgs: '{}', toolResult: { resultType: 'failure' } },
    { phase: 'after', tool: 'Bash', failed: true },
  ],
  [
    'gemini',
    {
      hook_event_name: 'BeforeTool',
      tool_name: 'Bash',
      tool_input: { command: 'ls' },
      tool_use_id: 'u',
    },
    BEFORE,
  ],
  [
    'gemini',
    { hook_event_name: 'BeforeTool', tool_name: 'x', tool_input: {}, mcp_context: {} },
    { phase: 'other' },
  ],
] as const) {
  test(`${client}: ${JSON.stringify(body).slice(0, 72)}`, () => {
    assert.deepEqual(plain(read(client, body)), event)
  })
}

for (const [client, body] of [
  ['claude-code', {}],
  ['claude-code', { hook_event_name: 'PreToolUse' }],
  ['claude-code', { hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: 'ls' }],
  ['claude-code', { hook_event_name: 'PreToolUse', tool_name: 'B'.repeat(129), tool_input: {} }],
  ['cursor', { tool_name: 'Shell' }],
  ['vscode', { toolName: 'bash', toolArgs: '{"command":"ls","command":"rm"}' }],
  ['gemini', { tool_name: 'x' }],
] as const) {
  test(`INV-2 ${client} is told that it cannot be read: ${JSON.stringify(body).slice(0, 60)}`, () => {
    assert.ok('unreadable' in read(client, body))
  })
}

test('whatever a hook sends, it is read, none of ours, or unreadable, and what is read was said', () => {
  const key = fc.constantFrom(
    'hook_event_name',
    'hookEventName',
    'tool_name',
    'toolName',
    'tool_input',
    'toolArgs',
    'tool_use_id',
    'tool_response',
    'command',
    'file_path',
  )
  const word = fc.constantFrom(
    'PreToolUse',
    'preToolUse',
    'BeforeTool',
    'PostToolUse',
    'Bash',
    'mcp__a__b',
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...HOOK_CLIENTS),
      fc.dictionary(key, fc.oneof(word, fc.jsonValue())),
      (client, body) => {
        if (/__proto__|\\ud[89a-f]/i.test(JSON.stringify(body))) return
        const event = READERS[client](JSON.parse(JSON.stringify(body)) as JsonObject)
        if ('unreadable' in event || event.phase === 'other') return
        assert.ok(event.tool.length > 0 && event.tool.length <= 128)
        if (event.phase === 'before') assert.equal(typeof event.input, 'object')
      },
    ),
  )
})
