import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRef, loadOrCreateKeyFile, rawEd25519 } from '@sumveil/identity';
import { hash32 } from '@sumveil/wire';
import { z } from 'zod';
import { storeFirstChain } from '../certificate/tls-files.ts';
import { ConnectorError } from '../error.ts';
import { writeWhole } from '../files.ts';

/** The two keys that stand for a connector as long as it lives; made here, used here, never sent. */
export interface OwnKeys {
  readonly roster: KeyObject;
  readonly witness: KeyObject;
  /** public halves, 32 bytes */
  readonly rosterPublic: Buffer;
  readonly witnessPublic: Buffer;
}

/** Made on first use; a key that is there is used again. */
export function loadOwnKeys(stateDir: string): OwnKeys {
  const roster = loadOrCreateKeyFile(join(stateDir, 'roster.key'), 'ed25519');
  const witness = loadOrCreateKeyFile(join(stateDir, 'witness.key'), 'ed25519');
  return { roster, witness, rosterPublic: rawEd25519(roster), witnessPublic: rawEd25519(witness) };
}

const membership = z.strictObject({
  tenantRef: z.string().refine(isRef),
  name: z.string(),
  idx: z.int().min(1).max(65_535),
  rootSpki: hash32,
});

/** Who this connector is since its enrolment. */
export type Membership = z.infer<typeof membership> & {
  readonly rootPem: string;
};

const files = { membership: 'enrolment.json', root: 'root.pem' } as const;

/** undefined before the enrolment. @throws ConnectorError `STATE` for files that do not fit together */
export function readMembership(stateDir: string): Membership | undefined {
  const path = join(stateDir, files.membership);
  if (!existsSync(path)) return undefined;
  try {
    const fields = membership.parse(JSON.parse(readFileSync(path, 'utf8')));
    const rootPem = readFileSync(join(stateDir, files.root), 'utf8');
    return { ...fields, rootPem };
  } catch (cause) {
    const next = 'Restore the folder as it was, or enrol again in an empty one with a new join string.';
    throw new ConnectorError('STATE', 'The enrolment files are damaged.', next, cause);
  }
}

/** The membership file comes last: without it nothing counts as enrolled. */
export function storeMembership(stateDir: string, m: Membership, chainPem: string): void {
  storeFirstChain(stateDir, chainPem);
  writeWhole(join(stateDir, files.root), m.rootPem);
  const { tenantRef, name, idx, rootSpki } = m;
  writeWhole(join(stateDir, files.membership), `${JSON.stringify({ tenantRef, name, idx, rootSpki })}\n`);
}
