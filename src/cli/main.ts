// Holds the entry of the command line: what was compiled once is kept, and then the program begins.

import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Starting is two thirds compiling. Where the folder cannot be written nothing is kept, and that is all; whoever can write it
// can write the program beside it.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/bailiwick', import.meta.url)))
await import('./process.ts')
