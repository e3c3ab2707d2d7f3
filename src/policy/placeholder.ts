// Holds the placeholders of starter policies: `{{name}}` inside a string, filled in before the text is applied.

import { policyFault } from './faults.ts'

/** Text that stands in a Cedar string or `like` pattern and means only itself there. */
const PLAIN = /^[^"\\*{}\p{Cc}]+$/u

/**
 * Fills in every `{{name}}`. Throws `policy.bad_placeholder` for a name without a value, and for a value that Cedar would
 * read as more than its characters: quotes, backslashes, and the `*` of patterns.
 */
export function fillPlaceholders(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{([^{}]*)\}\}/g, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value === undefined) {
      throw policyFault('policy.bad_placeholder', `the placeholder \`{{${name}}}\` has no value`)
    }
    if (!PLAIN.test(value)) {
      throw policyFault(
        'policy.bad_placeholder',
        `the value of \`{{${name}}}\` has a quote, backslash, brace, star or control character`,
      )
    }
    return value
  })
}
