// Holds what the bare upstream says: the tools that a small real system would have, and an answer of about 500 bytes.

const text = { type: 'string' }
const texts = { type: 'array', items: text }

function tool(name: string, properties: object, required: readonly string[]): object {
  const inputSchema = { type: 'object', properties, required }
  return { name, description: `${name.replaceAll('_', ' ')} of the record system`, inputSchema }
}

/** The answer to `tools/list`. */
export const TOOLS: readonly object[] = [
  tool(
    'read_record',
    {
      collection: text,
      record: text,
      fields: texts,
      page: { type: 'object', properties: { size: { type: 'integer' }, after: text } },
      purpose: text,
    },
    ['collection', 'record'],
  ),
  tool('search_records', { collection: text, query: text, limit: { type: 'integer' } }, ['query']),
  tool('list_collections', {}, []),
  tool('create_record', { collection: text, values: texts }, ['collection', 'values']),
  tool('update_record', { collection: text, record: text, values: texts }, ['record', 'values']),
  tool('delete_record', { collection: text, record: text, hard: { type: 'boolean' } }, ['record']),
  tool('export_records', { collection: text, target: text, limit: { type: 'integer' } }, [
    'target',
  ]),
  tool('send_message', { to: text, subject: text, body: text }, ['to', 'body']),
]

/** What every call answers. */
export const RECORD_TEXT = [
  'record case-2026-004711 of the collection cases, revision 17, owner operations',
  'status: waiting for the supplier; priority: normal; opened: 2026-11-02; due: 2026-12-01',
  'summary: the second delivery lacks four of the twelve parts that order 88120 names; the supplier confirmed the gap',
  'and will send the rest with the next transport. Nothing is to be done here until it arrives.',
].join('\n')

/**
 * The call that every measured request makes, as JSON-RPC of MCP 2025-11-25, about 300 bytes. `id` always has nine digits,
 * so that all are of one length.
 */
export function callBody(id: number): string {
  return `${CALL_HEAD}${id}${CALL_TAIL}`
}

/** The first id: nine digits, and room for as many calls as a bench makes. */
export const FIRST_ID = 100_000_000

const CALL_HEAD = '{"jsonrpc":"2.0","id":'
const CALL_TAIL = `,"method":"tools/call","params":${JSON.stringify({
  name: 'read_record',
  arguments: {
    collection: 'cases',
    record: 'case-2026-004711',
    fields: ['status', 'priority', 'summary', 'owner', 'due', 'supplier'],
    page: { size: 25, after: 'entry-000125' },
    purpose: 'tell the customer where the second delivery is',
  },
})}}`
