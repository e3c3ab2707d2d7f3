// Holds the codes of `connect`, `disconnect` and `hook`.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of putting clients behind Bailiwick. */
export const CONNECT_FAULTS = {
  'connect.client': { status: 400, next: 'name one of them, or look at: bailiwick connect --list' },
  'connect.nothing': {
    status: 404,
    next: 'name the file with --file, or look at what was found: bailiwick connect --list',
  },
  'connect.syntax': { status: 400, next: 'correct the file where it says; nothing was changed' },
  'connect.file': { status: 403, next: 'look at the file and who owns it; nothing was changed' },
  'connect.changed': {
    status: 409,
    next: 'nothing was written: end the program that writes the file, and repeat the command',
  },
  'connect.busy': { status: 409, next: 'wait for the other command, or remove its lock file' },
  'connect.unsafe': {
    status: 400,
    next: 'tell us about this file: it could not be changed without changing something else',
  },
  'connect.not_connected': { status: 404, next: 'look at: bailiwick connect --list' },
  'connect.left': {
    status: 422,
    next: 'do what stands beside each server that was left, and repeat the command',
  },
  'hook.denied': { status: 403, next: 'do something else, or ask the person you work for' },
  'hook.failed': {
    status: 503,
    next: 'have the person see whether bailiwick runs: bailiwick doctor',
  },
  'connect.hooks': {
    status: 400,
    next: 'hooks are known of claude-code, codex, cursor, vscode and gemini',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(CONNECT_FAULTS)
