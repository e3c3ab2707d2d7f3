// Holds trace context as it crosses process boundaries (W3C Trace Context, Level 1): its one parser.

/** Version, trace id, parent id, flags (§3.2.2); a later version may say more after a further hyphen (§3.2.4). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[!-~]{0,64})?$/
const ZEROS = /^0+$/

/** The trace id of a `traceparent`: 32 lower case hexadecimal digits; undefined where it is not one to the letter. Never throws. */
export function traceIdOf(traceparent: unknown): string | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > 128) return undefined
  const [, version, trace, parent, more] = TRACEPARENT.exec(traceparent) ?? []
  if (version === undefined || trace === undefined || parent === undefined) return undefined
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  return ZEROS.test(trace) || ZEROS.test(parent) ? undefined : trace
}
