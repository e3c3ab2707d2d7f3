// Holds what the command line needs of the starter policies: their placeholders filled in.

export { fillPlaceholders } from '../policy/placeholder.ts'
