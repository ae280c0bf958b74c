import { parseRoster, rosterHash, trustBytes, trustOf } from '@sumveil/wire';
import { verifyBundle } from '../verify/verify-bundle.ts';
import { rosterBodyOf, START, serialOf, TENANTS } from './cast.ts';
import { type TestPki, testPki } from './certificates.ts';
import { type Story, tell } from './draft.ts';
import { type SealOptions, sealDraft } from './seal-draft.ts';
import type { Draft } from './teller.ts';
import { replay } from './test-replay.ts';

/** What a test does to a good bundle before it is sealed again with the right report key. */
export interface Case {
  readonly story?: Story;
  readonly draft?: (draft: Draft) => void;
  readonly seal?: SealOptions;
  readonly certificates?: string;
}

export interface Fixture {
  readonly pki: TestPki;
  /** Life of the connectors' certificates. */
  readonly life: { notBefore: Date; notAfter: Date };
  readonly rosterBody: Buffer;
  readonly certificates: string;
  readonly trust: Buffer;
  /** The untouched bundle. */
  readonly good: Buffer;
  /** Exit status, and the line of the first layer that failed. */
  verdictOf(c: Case): { exit: number; detail: string };
}

export async function fixture(): Promise<Fixture> {
  const pki = await testPki();
  const life = { notBefore: new Date(START - 3_600_000), notAfter: new Date(START + 3_600_000) };
  const leaves = await Promise.all(TENANTS.map((ref, i) => pki.issue(serialOf(i), ref, life)));
  const certificates = leaves.join('') + pki.authorities;
  const rosterBody = rosterBodyOf({ rootSpki: [pki.rootSpki] });
  const trust = trustBytes(trustOf(parseRoster(rosterBody), rosterHash(rosterBody)));
  const verdictOf = (c: Case) => {
    const draft = tell(rosterBody, c.certificates ?? certificates, c.story);
    c.draft?.(draft);
    const { exit, checks } = verifyBundle(sealDraft(draft, c.seal), { trust, replay });
    return { exit, detail: checks.find((check) => !check.ok)?.detail ?? '' };
  };
  return { pki, life, rosterBody, certificates, trust, good: sealDraft(tell(rosterBody, certificates)), verdictOf };
}

/** Place of the nth leaf of a type. */
export function indexOf(draft: Draft, type: string, nth = 0): number {
  const at = draft.leaves.flatMap((leaf, i) => (leaf.type === type ? [i] : []))[nth];
  if (at === undefined) throw new Error(`the story has no ${type}`);
  return at;
}

export const change =
  (type: string, fields: object, nth = 0) =>
  (draft: Draft): void => {
    const at = indexOf(draft, type, nth);
    draft.leaves[at] = { ...draft.leaves[at]!, ...fields } as (typeof draft.leaves)[number];
  };

export const drop =
  (type: string, nth = 0) =>
  (draft: Draft): void =>
    void draft.leaves.splice(indexOf(draft, type, nth), 1);

export function append(files: Map<string, Uint8Array>, name: string, text: string): void {
  files.set(name, Buffer.concat([files.get(name)!, Buffer.from(text)]));
}
