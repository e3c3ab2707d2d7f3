// Holds the codes of the command line: what went wrong on this side of the network.

import { faults, type FaultCatalogue } from '../std/fault.ts'

/** Codes of the command line. */
export const CLI_FAULTS = {
  'cli.tour': { status: 500, next: 'look at the steps that are marked, and run it again' },
  'cli.usage': { status: 400, next: 'see how it is used: bailiwick help' },
  'cli.enforcer': { status: 404, next: 'look at `bailiwick enforcer ls`' },
  'cli.file': {
    status: 400,
    next: 'name a file that can be read, or written where nothing is yet',
  },
  'cli.confirmation': {
    status: 400,
    next: 'look at what would be done, then repeat the command with --yes',
  },
  'cli.declined': { status: 409, next: 'nothing was changed' },
  'cli.interrupted': { status: 499, next: 'nothing: you stopped it' },
  'cli.no_operator': {
    status: 401,
    next: 'start one with `bailiwick dev`, which makes a home and your credential, or name its home with --home',
  },
  'cli.operator_file': {
    status: 401,
    next: 'have an administrator make a credential for you: bailiwick person add NAME --out FILE',
  },
  'cli.operator_exposed': {
    status: 401,
    next: 'make it yours alone with chmod 600, and replace it if others could read it',
  },
  'governance.proposed': {
    status: 202,
    next: 'another administrator agrees: `bailiwick governance ls`',
  },
  'cli.unreachable': {
    status: 503,
    next: 'start the server: bailiwick dev, or bailiwick serve; then look: bailiwick doctor',
  },
  'cli.answer': {
    status: 502,
    next: 'see whether the address is that of the control listener, and both sides of one version: bailiwick doctor',
  },
  'cli.command_not_found': {
    status: 400,
    next: 'give the absolute path of the program, or correct PATH',
  },
  'cli.doctor': { status: 500, next: 'do what stands below each line that is not in order' },
  'cli.log_deviates': {
    status: 500,
    next: 'keep a copy of the log folder as it is, and find out who could write to it',
  },
  'cli.policy_check': { status: 400, next: 'correct what is named; nothing was applied' },
  'cli.policy_test': {
    status: 400,
    next: 'correct the policy or the test that is named; nothing was applied',
  },
  'cli.policy_coverage': { status: 400, next: 'add tests that reach what is named above' },
  'cli.system_error': {
    status: 502,
    next: 'read what the system said; the call itself was allowed and made',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(CLI_FAULTS)
