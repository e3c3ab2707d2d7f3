// Holds the row of a certificate: which instance a fingerprint stands for.

import type { TableShape } from '../table.ts'

/** An issued certificate. */
export interface CertificateRow {
  /** SHA-256 of the DER, hex, lower case: the id. */
  readonly fingerprint: string
  readonly instance: string
  /** SHA-256 of the SubjectPublicKeyInfo, hex: unique, so that a key has one certificate, ever (INV-8). */
  readonly key: string
  /** Serial number, hex, lower case. */
  readonly serial: string
  /** SubjectPublicKeyInfo, base64url: what assertions of the instance are checked with; absent in older rows. */
  readonly spki?: string
  /** Fingerprint of the root that signed it; absent in older rows: the first root. */
  readonly root?: string
  /** ms since the epoch. */
  readonly notBefore: number
  /** ms since the epoch. */
  readonly notAfter: number
}

/** Table `certificates`. */
export const CERTIFICATES: TableShape<CertificateRow> = {
  table: 'certificates',
  id: (certificate) => certificate.fingerprint,
  columns: (certificate) => ({
    instance: certificate.instance,
    key: certificate.key,
    serial: certificate.serial,
    not_before: certificate.notBefore,
    not_after: certificate.notAfter,
  }),
}
