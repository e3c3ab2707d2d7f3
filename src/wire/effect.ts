// Holds the effect labels of an action: what a call may do to the world.

/**
 * Every effect, in the order in which they are shown. History: v1 the six labels of the first schema, v2 `opaque`: what it does cannot
 * be seen, as in a tunnel.
 */
export const EFFECTS = [
  'read',
  'write',
  'destructive',
  'external',
  'spend',
  'privileged',
  'opaque',
] as const

/** One effect label. An action without labels counts as every effect (INV-2). */
export type Effect = (typeof EFFECTS)[number]

/** Narrows text to an effect label. */
export function isEffect(text: string): text is Effect {
  return (EFFECTS as readonly string[]).includes(text)
}
