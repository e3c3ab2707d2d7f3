// Holds the check for instructions to the model that stand where a description should: orders, secrecy, and reaching for secrets.

import { excerptAt } from './visible.ts'
import type { Look, Sign } from './sign.ts'

const PATTERNS: readonly (readonly [pattern: RegExp, message: string])[] = [
  [
    /\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,30}\b(?:previous|prior|above|earlier|preceding|other|all|any|your|system|safety)\b[^.\n]{0,20}\b(?:instructions?|prompts?|rules?|guidelines?|polic(?:y|ies)|restrictions?|directions?)\b/i,
    'tells the model to leave other instructions aside',
  ],
  [
    /\b(?:do not|don't|never|must not|should not|without|avoid)\b[^.\n]{0,30}\b(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|reveal(?:ing)?|show(?:ing)?|disclos(?:e|ing)|notify(?:ing)?|alert(?:ing)?|explain(?:ing)?|ask(?:ing)?|let(?:ting)?)\b[^.\n]{0,40}\b(?:users?|humans?|persons?|people|anyone|anybody|operators?|owner)\b/i,
    'asks to keep something from the person',
  ],
  [
    /<\/?\s*(?:important|system|secret|hidden|instructions?|critical|admin|assistant|user|urgent|internal)\b[^>]{0,40}>|\[\/?(?:inst|system|sys|important)\]|<\|[a-z_]{2,24}\|>|<<\/?sys>>/i,
    'is marked up as an instruction of its own',
  ],
  [
    /\b(?:you|the (?:assistant|model|agent|ai|llm))\b[^.\n]{0,12}\b(?:must|have to|need to|are required to|shall|should always|will always)\b[^.\n]{0,24}\b(?:first|always|also|silently|secretly|read|send|forward|include|append|attach|pass|upload|exfiltrate)\b/i,
    'gives the model an order',
  ],
  [
    /\b(?:before|prior to|whenever|each time|every time|in order to)\b[^.\n]{0,24}\b(?:using|calling|invoking|use|call|invoke)\b[^.\n]{0,24}\b(?:this|the) (?:tool|function)\b[^.\n]{0,60}\b(?:read|access|open|fetch|send|call|load|cat|copy|include|collect)\b/i,
    'has something else done before it is used',
  ],
  [
    /(?:~|\$home|\/root|\/home\/[\w.-]+|%userprofile%)?[\\/]?\.(?:ssh|aws|gnupg|kube|docker|netrc|npmrc|pgpass|bailiwick|cursor[\\/]mcp)\b|\bid_(?:rsa|ed25519|ecdsa)\b|[\\/]etc[\\/](?:passwd|shadow|sudoers)\b|\bmcp\.json\b|\bclaude_desktop_config\b/i,
    'names files that hold secrets or settings',
  ],
  [
    /\b(?:system prompts?|chat history|conversation history|(?:previous|whole|full|entire) conversation|chain[- ]of[- ]thought)\b/i,
    "reaches for the model's own context",
  ],
  [
    /\b(?:send|forward|post|upload|transmit|exfiltrate|leak|bcc|copy)\b[^.\n]{0,60}(?:\bto\b|\bvia\b)[^.\n]{0,20}(?:https?:\/\/|[\w.+-]+@[\w-]+\.[a-z]{2,})/i,
    'has something sent to an address of its own',
  ],
]

/** Arguments by which a tool gets what is none of its business. */
const REACHING =
  /^_*(?:system_?prompts?|chat_?history|conversation(?:_?history)?|(?:previous|all)_?messages|side_?notes?|reasoning|chain_?of_?thought|tools?_?list|model_?name)_*$|id_rsa|ssh_?(?:private_?)?key|private_?key_?(?:file|path|content)|etc_passwd/i

/** Points out instructions to the model. */
export function* instructions({ places }: Look): Generator<Sign> {
  for (const { place, text, kind } of places) {
    if (kind === 'name') {
      if (!place.includes(' schema ') || !REACHING.test(text)) continue
      const message = 'is an argument for what is none of the business of a tool'
      yield { code: 'instructions', place, message, excerpt: excerptAt(text, 0, text.length) }
      continue
    }
    for (const [pattern, message] of PATTERNS) {
      const found = pattern.exec(text)
      if (found === null) continue
      const excerpt = excerptAt(text, found.index, found[0].length)
      yield { code: 'instructions', place, message, excerpt }
    }
  }
}
