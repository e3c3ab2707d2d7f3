// Holds the version of this program, as its package names it.

import { readFileSync } from 'node:fs'

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string }

/** Semantic version. */
export const VERSION: string = manifest.version
