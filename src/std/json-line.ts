// Holds JSON as one line, whoever reads it.

/**
 * What Unicode calls the end of a line and JSON leaves in a string. Node's readline and Python's splitlines cut there, and
 * would take what an agent wrote behind it for a message that nobody decided (INV-12).
 */
const OTHER_LINE_ENDS = /[\u0085\u2028\u2029]/g

/** JSON text as one line, whoever reads it: every other end of a line is escaped. */
export function asLine(json: string): string {
  return json.replaceAll(
    OTHER_LINE_ENDS,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
