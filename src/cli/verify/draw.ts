// Holds how the result of a verification is shown.

import type { ProofReport, VerifyFinding, VerifyReport } from '../../server/verify.ts'
import { fields, table, type Surface } from '../terminal/table.ts'

const WITNESS = {
  unwitnessed:
    'unwitnessed: nobody but this log vouches for it, and a second history shown to others would not show here',
  below_quorum: 'BELOW QUORUM: fewer witnesses signed it than the policy wants',
  witnessed: 'witnessed',
} as const

type Witnessed = Pick<VerifyReport, 'witness'> & {
  readonly seen: readonly { readonly name: string; readonly at: string }[]
}

function witnessOf({ witness, seen }: Witnessed): string {
  const who = seen.map(({ name, at }) => `${name} at ${at}`).join(', ')
  return who === '' ? WITNESS[witness] : `${WITNESS[witness]} by ${who}`
}

function drawFindings(
  findings: readonly VerifyFinding[],
  more: number,
  surface: Surface,
  style: 'red' | 'yellow' = 'red',
): string {
  if (findings.length === 0) return ''
  const rows = findings.map(({ code, place, detail }) => [{ text: code, style }, place, detail])
  const rest = more === 0 ? '' : `and ${more} more\n`
  return `\n${table(['CODE', 'PLACE', 'WHAT'], rows, surface)}${rest}`
}

const verdict = (
  ok: boolean,
  what: string,
): { readonly text: string; readonly style: 'green' | 'red' } =>
  ok ? { text: what, style: 'green' } : { text: 'DEVIATES', style: 'red' }

/** A whole log, or a part of it. */
export function drawReport(report: VerifyReport, pinned: string, surface: Surface): string {
  const { boots, shards } = report
  const gaps = boots.filter(({ records, first, iseq }) => records !== iseq - first + 1).length
  const crashed = boots.filter(({ ended }) => ended === 'unstopped').length
  const dropped = shards.filter((shard) => shard.dropped === true).length
  const read =
    report.read === 'hashes'
      ? 'none read: the hashes alone were verified'
      : `${report.records} read, hashed and parsed`
  const head = fields(
    [
      ['log', verdict(report.ok, 'whole')],
      ['origin', report.origin],
      ['size', report.size],
      ['root', report.root],
      ...(shards.length > 1 || dropped > 0
        ? [['shards', `${shards.length}${dropped === 0 ? '' : `, ${dropped} dropped`}`] as const]
        : []),
      ['records', read],
      ...(report.read === 'hashes'
        ? []
        : [
            [
              'boots',
              `${boots.length}${gaps === 0 ? ', each without gaps' : `, ${gaps} with gaps`}${crashed === 0 ? '' : `, ${crashed} ended without a stop`}`,
            ] as const,
          ]),
      ['witness', witnessOf({ ...report, seen: shards.at(-1)?.witnesses ?? [] })],
      ['pinned', pinned],
      ...(report.receipts ?? []).map(
        ({ id, state, by }) =>
          [
            'receipt',
            state === 'kept'
              ? `${id} is in the log`
              : `${id} is NOT in the log; promised by ${by ?? ''}`,
          ] as const,
      ),
    ],
    surface,
  )
  return `${head}${drawFindings(report.findings, report.more, surface)}${drawFindings(report.notes, 0, surface, 'yellow')}`
}

/** One record. */
export function drawProof(report: ProofReport, surface: Surface): string {
  const { record, index, origin, size, root } = report
  const head = fields(
    [
      ['record', verdict(report.ok, 'is in the log')],
      ['origin', origin],
      ['index', index],
      ['size', size],
      ['root', root],
      ...(record === undefined
        ? []
        : ([
            ['type', record.type],
            ['id', record.id],
            ['sealed', record.ts],
          ] as const)),
      ['witness', witnessOf({ ...report, seen: report.witnesses })],
    ],
    surface,
  )
  return `${head}${drawFindings(report.findings, 0, surface)}`
}
