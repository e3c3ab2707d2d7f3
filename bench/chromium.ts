// Holds where a browser is that benches and tests drive: Debian's Chromium.

import { existsSync } from 'node:fs'

/** Undefined on a machine without one. */
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) =>
  existsSync(path),
)
