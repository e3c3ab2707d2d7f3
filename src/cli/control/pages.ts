// Holds asking for long lists page by page, to their end.

import type { ZodType } from 'zod'
import { target, type Control } from './control.ts'

/** The largest page that the API gives. */
const LIMIT = 1000

/** What every list by pages answers with, besides the things of the page. */
interface Page {
  readonly next: string | null
}

/** Every page of a list of the API, one after the other. */
export async function* pagesOf<P extends Page>(
  control: Control,
  segments: readonly string[],
  query: Readonly<Record<string, string | undefined>>,
  schema: ZodType<P>,
): AsyncGenerator<P> {
  let cursor: string | undefined
  do {
    const page = await control.get(target(segments, { ...query, limit: LIMIT, cursor }), schema)
    yield page
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
}
