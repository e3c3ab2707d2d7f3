// Holds how Cedar is read for its colours: a stream of tokens, without a grammar. What holds is the server's to say.

import { StreamLanguage, type StreamParser } from '@codemirror/language'

const KEYWORDS = new Set(
  'permit forbid when unless in has like is if then else true false'.split(' '),
)
const VARIABLES = new Set(['principal', 'action', 'resource', 'context'])

/** One token from where the stream stands. */
const parser: StreamParser<object> = {
  name: 'cedar',
  startState: () => ({}),
  token(stream) {
    if (stream.eatSpace()) return null
    if (stream.match('//')) {
      stream.skipToEnd()
      return 'comment'
    }
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return 'string'
    if (stream.match(/^@[A-Za-z_]\w*/)) return 'annotation'
    if (stream.match(/^\?(?:principal|resource)\b/)) return 'variableName'
    if (stream.match(/^[0-9]+/)) return 'number'
    const word = stream.match(/^[A-Za-z_]\w*/) as RegExpMatchArray | null
    if (word !== null) {
      if (stream.match(/^\s*::/, false)) return 'typeName'
      if (KEYWORDS.has(word[0])) return 'keyword'
      if (VARIABLES.has(word[0])) return 'variableName'
      return stream.match(/^\s*\(/, false) ? 'function' : 'propertyName'
    }
    if (stream.match(/^(?:==|!=|<=|>=|&&|\|\||::|[<>!+*-])/)) return 'operator'
    stream.next()
    return 'punctuation'
  },
  languageData: {
    commentTokens: { line: '//' },
    closeBrackets: { brackets: ['(', '[', '{', '"'] },
  },
}

/** Cedar for CodeMirror. */
export const cedar = StreamLanguage.define(parser)
