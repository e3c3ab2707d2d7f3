// Holds the cutting of long lists into pages: by name, from a cursor on.

/** A page of named things, and the cursor of the next one; null at the end. */
export interface PageOf<T> {
  readonly page: readonly T[]
  readonly next: string | null
}

/** The first `limit` of things that are in the order of their names and begin after the cursor. */
export function pageOf<T>(
  things: readonly T[],
  limit: number,
  nameOf: (thing: T) => string,
): PageOf<T> {
  const page = things.slice(0, limit)
  const last = page.at(-1)
  return { page, next: things.length > limit && last !== undefined ? nameOf(last) : null }
}
