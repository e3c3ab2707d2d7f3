// Holds the path of the fake upstream, which runs as a process of its own.

import { fileURLToPath } from 'node:url'

/** Its first argument is the era that it speaks. */
export const upstreamProgram = fileURLToPath(new URL('./upstream.ts', import.meta.url))
