// Holds the content of an MCP result: blocks of known types, and texts that stand side by side.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Span } from './span.ts'
import { placeholder } from './span.ts'
import type { TextLook } from './text.ts'

/** Types of content blocks (schema of 2025-11-25 and 2026-07-28). */
const TYPES = ['text', 'image', 'audio', 'resource', 'resource_link', 'tool_use', 'tool_result']

const UNKNOWN: JsonObject = { type: 'text', text: '[content of unknown type removed by bailiwick]' }

function textOf(block: Json | undefined): string | undefined {
  if (block === undefined || !isObject(block) || block['type'] !== 'text') return undefined
  const { text } = block
  return typeof text === 'string' ? text : undefined
}

/** Blocks of known types alone; the same list where all are. */
function known(content: Json[], { finding }: TextLook): Json[] {
  const right = (block: Json): boolean => {
    const type = isObject(block) ? block['type'] : undefined
    return typeof type === 'string' && TYPES.includes(type)
  }
  if (content.every(right)) return content
  return content.map((block) => {
    if (right(block)) return block
    finding.did('content', 1)
    return UNKNOWN
  })
}

/**
 * Texts side by side are read as one: a secret of the call that begins in one and ends in another is cut out of both. Blocks that hold
 * no more of it than what is around it stay as they are.
 */
function joined(content: Json[], { own, finding, effort }: TextLook): Json[] {
  if (own === undefined) return content
  const texts = content.map(textOf)
  if (texts.filter((text) => text !== undefined).length < 2) return content
  const borders: number[] = []
  let whole = ''
  for (const text of texts) {
    borders.push(whole.length)
    whole += text ?? ''
  }
  const spans: Span[] = []
  own.find(whole, spans, effort)
  const crossing = spans.filter(({ from, to }) => borders.some((at) => at > from && at < to))
  if (crossing.length === 0) return content
  finding.did('own', crossing.length)
  return content.map((block, index) => {
    const text = texts[index]
    if (text === undefined) return block
    const start = borders[index]!
    let out = ''
    let done = 0
    for (const { from, to, kind } of crossing) {
      const begins = Math.max(0, from - start)
      const ends = Math.min(text.length, to - start)
      if (ends <= begins || begins < done) continue
      out += text.slice(done, begins) + placeholder(kind)
      done = ends
    }
    return done === 0 ? block : { ...(block as JsonObject), text: out + text.slice(done) }
  })
}

/** A result with its content looked at as a whole; its texts are looked at one by one elsewhere. */
export function wholeContent(result: JsonObject, look: TextLook): JsonObject {
  const { content } = result
  if (!Array.isArray(content)) return result
  const seen = joined(known(content, look), look)
  return seen === content ? result : { ...result, content: seen }
}
