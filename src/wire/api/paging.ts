// Holds how long lists are asked for page by page: the members of the query, and the cursor. History: v1.

import { z } from 'zod'
import { Name } from './text.ts'

/** Members of the query of a list in the order of names. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  /** `next` of the page before: the name after which the page begins. */
  cursor: Name.optional(),
}
