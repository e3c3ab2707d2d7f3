// Holds the actions of a list of tools, as MCP words one: of a program that uses its tools itself and asks before it does.

import { isObject, type Json } from '../../std/json.ts'
import { isEffect } from '../../wire/effect.ts'
import { MAX_ACTIONS, named, Problems, type Operation, type Reality } from './definition.ts'

const NAME = /^[A-Za-z0-9_.-]{1,128}$/

function operationOf(tool: Json, path: string, problems: Problems): Operation | undefined {
  const name = isObject(tool) ? tool['name'] : undefined
  if (!isObject(tool) || typeof name !== 'string' || !NAME.test(name)) {
    problems.add(
      path,
      'it becomes no action: a tool needs a name of letters, digits, `.`, `_`, `-`',
    )
    return undefined
  }
  const { inputSchema, description, title, effects } = tool
  if (!isObject(inputSchema)) {
    problems.add(path, 'it becomes no action: a tool needs an input schema')
    return undefined
  }
  const hints = Array.isArray(effects) ? effects : []
  return {
    wanted: name,
    identity: `tool ${name}`,
    ...(typeof title === 'string' && { title }),
    ...(typeof description === 'string' && { description }),
    inputSchema,
    hints: hints.filter((one): one is string => typeof one === 'string').filter(isEffect),
  }
}

/**
 * The actions of `{"tools":[{"name","description","inputSchema","effects"}]}`. Pure and total. Names are kept as they are: whoever asks
 * about a tool calls it so.
 */
export function actionsOfTools(document: Json): Reality {
  const tools = isObject(document) ? document['tools'] : undefined
  if (!Array.isArray(tools)) {
    return {
      actions: [],
      problems: [{ path: '/tools', message: 'a document has a list of tools' }],
    }
  }
  const problems = new Problems()
  const seen = new Set<string>()
  const operations: Operation[] = []
  for (const [at, tool] of tools.entries()) {
    const path = `/tools/${at}`
    if (operations.length >= MAX_ACTIONS) {
      problems.add('/tools', `there are more than ${MAX_ACTIONS} actions`)
      break
    }
    const operation = operationOf(tool, path, problems)
    if (operation === undefined) continue
    const folded = operation.wanted.toLowerCase()
    if (seen.has(folded)) {
      problems.add(
        path,
        'it becomes no action: another tool has this name, or one that differs in case',
      )
      continue
    }
    seen.add(folded)
    operations.push(operation)
  }
  return { actions: named(operations), problems: problems.list }
}
