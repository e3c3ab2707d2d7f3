// Holds what the official conformance suites expect of a server: its tools, resources and prompts, on the official SDK.

import {
  acceptedContent,
  fromJsonSchema,
  inputRequired,
  inputResponse,
  McpServer,
  ProtocolError,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { McpEra } from '../../src/wire/system.ts'

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA='
const NONE = z.object({})

/** What a server tells its listeners, as far as tools set it off. */
export interface Changes {
  tools(): void
  prompts(): void
}

function text(words: string): { content: [{ type: 'text'; text: string }] } {
  return { content: [{ type: 'text', text: words }] }
}

const image = { type: 'image', data: PNG, mimeType: 'image/png' } as const

function content(server: McpServer): void {
  const description = 'returns content of one kind'
  const plain = { description, inputSchema: NONE }
  server.registerTool('test_simple_text', plain, () =>
    text('This is a simple text response for testing.'),
  )
  server.registerTool('test_image_content', plain, () => ({ content: [image] }))
  server.registerTool('test_audio_content', plain, () => ({
    content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }],
  }))
  const resource = (uri: string, mimeType: string, words: string) =>
    ({ type: 'resource', resource: { uri, mimeType, text: words } }) as const
  server.registerTool('test_embedded_resource', plain, () => ({
    content: [
      resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
    ],
  }))
  server.registerTool('test_multiple_content_types', plain, () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      image,
      resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  }))
  server.registerTool('test_error_handling', plain, () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'has a schema of many keywords', inputSchema: fromJsonSchema(SCHEMA_2020_12) },
    (given) => text(`called with ${JSON.stringify(given)}`),
  )
}

const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
} as const

function telling(server: McpServer, changes: Changes): void {
  const plain = { description: 'tells of things while it runs', inputSchema: NONE }
  const say = async (ctx: ServerContext, data: string): Promise<void> => {
    await ctx.mcpReq.log('info', data)
    await sleep(50)
  }
  const logs = async (_given: object, ctx: ServerContext) => {
    for (const step of ['started', 'processing data', 'completed']) await say(ctx, `Tool ${step}`)
    return text('it told of three things')
  }
  server.registerTool('test_tool_with_logging', plain, logs)
  server.registerTool('test_logging_tool', plain, logs)
  server.registerTool('test_tool_with_progress', plain, async (_given, ctx) => {
    const { progressToken } = ctx.mcpReq._meta ?? {}
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
      const params = { progressToken: progressToken!, progress, total: 100 }
      await ctx.mcpReq.notify({ method: 'notifications/progress', params })
      await sleep(50)
    }
    return text('it went on')
  })
  server.registerTool('test_reconnection', plain, async (_given, ctx) => {
    await ctx.mcpReq.log('info', 'it takes a while')
    await sleep(100)
    return text('it came to an end')
  })
  server.registerTool('test_trigger_tool_change', plain, () => {
    changes.tools()
    return text('told that the tools changed')
  })
  server.registerTool('test_trigger_prompt_change', plain, () => {
    changes.prompts()
    return text('told that the prompts changed')
  })
}

function asking2025(server: McpServer): void {
  // On the stream of the very call: the other one may not be open yet.
  const elicit = async (ctx: ServerContext, message: string, requestedSchema: object) => {
    const params = { message, requestedSchema } as never
    const given = await ctx.mcpReq.send({ method: 'elicitation/create', params })
    const { action, content } = given as { action: string; content?: object }
    return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`)
  }
  const says = z.object({ message: z.string() })
  server.registerTool(
    'test_sampling',
    { description: 'asks a model', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, ctx) => {
      const messages = [{ role: 'user', content: { type: 'text', text: prompt } }] as const
      const params = { messages: [...messages], maxTokens: 100 }
      const given = await ctx.mcpReq.send({ method: 'sampling/createMessage', params })
      const answer = given as { content: unknown }
      return text(`LLM response: ${JSON.stringify(answer.content)}`)
    },
  )
  server.registerTool(
    'test_elicitation',
    { description: 'asks a person', inputSchema: says },
    ({ message }, ctx) => {
      const properties = { username: { type: 'string' }, email: { type: 'string' } }
      const requestedSchema = { type: 'object', properties, required: ['username', 'email'] }
      return elicit(ctx, message, requestedSchema)
    },
  )
  server.registerTool(
    'test_elicitation_sep1034_defaults',
    { description: 'asks with defaults', inputSchema: NONE },
    (_given, ctx) => {
      const properties = {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      }
      return elicit(ctx, 'Look at the defaults', { type: 'object', properties })
    },
  )
  const titled = (one: string) => [
    { const: 'value1', title: `First ${one}` },
    { const: 'value2', title: `Second ${one}` },
  ]
  server.registerTool(
    'test_elicitation_sep1330_enums',
    { description: 'asks for choices', inputSchema: NONE },
    (_given, ctx) => {
      const three = ['option1', 'option2', 'option3']
      const properties = {
        untitledSingle: { type: 'string', enum: three },
        titledSingle: { type: 'string', oneOf: titled('Option') },
        legacyEnum: {
          type: 'string',
          enum: ['opt1', 'opt2'],
          enumNames: ['Option One', 'Option Two'],
        },
        untitledMulti: { type: 'array', items: { type: 'string', enum: three } },
        titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
      }
      return elicit(ctx, 'Choose', { type: 'object', properties })
    },
  )
}

const KEY = 'a key of this test server'

function sealed(state: string): string {
  return `${state}.${createHmac('sha256', KEY).update(state).digest('hex')}`
}

/** Reads a state; what was not made here is refused before any handler sees it. */
function opened(state: string): string {
  const plain = state.split('.')[0]!
  if (sealed(plain) !== state) throw new ProtocolError(-32602, 'the state is none of ours')
  return plain
}

const elicitName = (message: string, key = 'name') =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [key]: { type: 'string' } }, required: [key] },
  })
const confirm = inputRequired.elicit({
  message: 'Please confirm',
  requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
})
const sample = (words: string) =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: words } }],
    maxTokens: 100,
  })

function asking2026(server: McpServer): void {
  const plain = { description: 'needs something of its caller', inputSchema: NONE }
  const name = 'test_input_required_result_'
  server.registerTool(`${name}elicitation`, plain, (_given, { mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, 'user_name')
    if (typeof given?.['name'] === 'string') return text(`Hello, ${given['name']}!`)
    return inputRequired({ inputRequests: { user_name: elicitName('What is your name?') } })
  })
  server.registerTool(`${name}sampling`, plain, (_given, { mcpReq }) => {
    const given = inputResponse(mcpReq.inputResponses, 'capital_question')
    if (given.kind === 'sampling') return text(JSON.stringify(given.result.content))
    return inputRequired({
      inputRequests: { capital_question: sample('What is the capital of France?') },
    })
  })
  server.registerTool(`${name}list_roots`, plain, (_given, { mcpReq }) => {
    const given = inputResponse(mcpReq.inputResponses, 'client_roots')
    if (given.kind === 'roots') return text(JSON.stringify(given.roots))
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
  })
  const stateful = (_given: object, { mcpReq }: ServerContext) => {
    const state = mcpReq.requestState()
    if (state === 'asked' && acceptedContent(mcpReq.inputResponses, 'confirm') !== undefined) {
      return text('state-ok')
    }
    return inputRequired({ inputRequests: { confirm }, requestState: sealed('asked') })
  }
  server.registerTool(`${name}request_state`, plain, stateful)
  server.registerTool(`${name}tampered_state`, plain, stateful)
  server.registerTool(`${name}multiple_inputs`, plain, (_given, { mcpReq }) => {
    const { inputResponses } = mcpReq
    const all = ['user_name', 'greeting', 'client_roots'].map(
      (key) => inputResponse(inputResponses, key).kind,
    )
    if (all.every((kind) => kind !== 'missing')) return text('all three are there')
    return inputRequired({
      inputRequests: {
        user_name: elicitName('What is your name?'),
        greeting: sample('Generate a greeting'),
        client_roots: inputRequired.listRoots(),
      },
      requestState: sealed('three'),
    })
  })
  server.registerTool(`${name}multi_round`, plain, (_given, { mcpReq }) => {
    const state = mcpReq.requestState()
    const { inputResponses } = mcpReq
    if (state === 'two' && acceptedContent(inputResponses, 'step2') !== undefined)
      return text('done')
    if (state === 'one' && acceptedContent(inputResponses, 'step1') !== undefined) {
      const step2 = elicitName('Step 2: What is your favorite color?', 'color')
      return inputRequired({ inputRequests: { step2 }, requestState: sealed('two') })
    }
    const step1 = elicitName('Step 1: What is your name?')
    return inputRequired({ inputRequests: { step1 }, requestState: sealed('one') })
  })
  const capabilitiesOf = ({ mcpReq }: ServerContext): Readonly<Record<string, unknown>> => {
    const envelope: Readonly<Record<string, unknown>> = { ...mcpReq.envelope }
    return envelope['io.modelcontextprotocol/clientCapabilities'] as Record<string, unknown>
  }
  server.registerTool(`${name}capabilities`, plain, (_given, ctx) => {
    const can = capabilitiesOf(ctx)
    const inputRequests = {
      ...(can['elicitation'] !== undefined && { name: elicitName('What is your name?') }),
      ...(can['sampling'] !== undefined && { greeting: sample('Generate a greeting') }),
    }
    return inputRequired({ inputRequests, requestState: sealed('some') })
  })
  // What the client did not say that it can, the SDK refuses to ask (-32021).
  server.registerTool('test_missing_capability', plain, () =>
    inputRequired({ inputRequests: { words: sample('Say something') } }),
  )
  server.registerTool('test_streaming_elicitation', plain, (_given, { mcpReq }) => {
    if (inputResponse(mcpReq.inputResponses, 'who').kind !== 'missing') return text('thanks')
    return inputRequired({ inputRequests: { who: elicitName('Who is it?') } })
  })
  const marked = {
    type: 'object',
    properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, query: { type: 'string' } },
    required: ['region'],
  } as const
  server.registerTool(
    'test_custom_headers',
    {
      description: 'has an argument that stands in a header too',
      inputSchema: fromJsonSchema(marked),
    },
    (given) => text(JSON.stringify(given)),
  )
  server.registerPrompt(
    `${name}prompt`,
    { description: 'needs a context' },
    (ctx: ServerContext) => {
      const given = acceptedContent(ctx.mcpReq.inputResponses, 'user_context')
      if (given === undefined) {
        const asked = elicitName('What context should the prompt use?', 'context')
        return inputRequired({ inputRequests: { user_context: asked } })
      }
      return {
        messages: [{ role: 'user', content: { type: 'text', text: JSON.stringify(given) } }],
      }
    },
  )
}

function resources(server: McpServer): void {
  const of = (description: string, mimeType: string) => ({ description, mimeType })
  const words = 'This is the content of the static text resource.'
  server.registerResource(
    'static-text',
    'test://static-text',
    of('a text', 'text/plain'),
    ({ href }) => ({
      contents: [{ uri: href, mimeType: 'text/plain', text: words }],
    }),
  )
  server.registerResource(
    'static-binary',
    'test://static-binary',
    of('an image', 'image/png'),
    ({ href }) => ({
      contents: [{ uri: href, mimeType: 'image/png', blob: PNG }],
    }),
  )
  server.registerResource(
    'watched',
    'test://watched-resource',
    of('it changes', 'text/plain'),
    ({ href }) => ({
      contents: [{ uri: href, mimeType: 'text/plain', text: 'Watched resource content' }],
    }),
  )
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined })
  server.registerResource(
    'template',
    template,
    of('data by id', 'application/json'),
    ({ href }, { id }) => ({
      contents: [
        {
          uri: href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  )
}

function prompts(server: McpServer): void {
  const user = (block: object) => ({ role: 'user', content: block }) as never
  const say = (words: string) => user({ type: 'text', text: words })
  server.registerPrompt('test_simple_prompt', { description: 'is simple' }, () => ({
    messages: [say('This is a simple prompt for testing.')],
  }))
  const two = z.object({ arg1: z.string(), arg2: z.string() })
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'has arguments', argsSchema: two },
    ({ arg1, arg2 }) => ({
      messages: [say(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  )
  const one = z.object({ resourceUri: z.string() })
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'has a resource', argsSchema: one },
    ({ resourceUri }) => ({
      messages: [
        user({
          type: 'resource',
          resource: {
            uri: resourceUri,
            mimeType: 'text/plain',
            text: 'Embedded resource content for testing.',
          },
        }),
        say('Please process the embedded resource above.'),
      ],
    }),
  )
  server.registerPrompt('test_prompt_with_image', { description: 'has an image' }, () => ({
    messages: [user(image), say('Please analyze the image above.')],
  }))
}

/** A server with everything that the suite of an era looks at. */
export function conformanceServer(era: McpEra, changes: Changes): McpServer {
  const modern = era === '2026-07-28'
  const server = new McpServer(
    { name: 'conformance', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: opened },
    },
  )
  content(server)
  telling(server, changes)
  if (modern) asking2026(server)
  else asking2025(server)
  resources(server)
  prompts(server)
  server.server.setRequestHandler('completion/complete', () => ({
    completion: { values: ['test-one', 'test-two'], total: 2, hasMore: false },
  }))
  if (!modern) {
    server.server.setRequestHandler('resources/subscribe', () => ({}))
    server.server.setRequestHandler('resources/unsubscribe', () => ({}))
  }
  return server
}
