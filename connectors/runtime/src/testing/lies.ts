import { buildGrant } from '@sumveil/approvals';
import { encodeRoster, parseRoster, type Roster } from '@sumveil/secagg';
import {
  canonicalBytes,
  decodeSigned,
  dsseBytes,
  dssePayload,
  encodeSigned,
  sha256,
  signBody,
  toBase64url,
} from '@sumveil/wire';
import type { RawMaterial } from '../gate/material.ts';
import { type Parts, partsFor, rawMaterial } from './material.ts';
import { planFile } from './plan.ts';

/** The same members and keys: only the epoch tells. */
export function nextEpoch({ rosterHash, ...fields }: Roster): Roster {
  return parseRoster(encodeRoster({ ...fields, epoch: fields.epoch + 1, prevRoster: toBase64url(rosterHash) }));
}

export function renamed(leaf: Uint8Array, fields: Record<string, unknown>): Buffer {
  return canonicalBytes({ ...JSON.parse(Buffer.from(leaf).toString('utf8')), ...fields });
}

/** Everything proved, but another plan, which the same requester may have had submitted by somebody else. */
export function planLeafOfOther(parts: Parts): Pick<RawMaterial, 'planLeaf' | 'planProof'> {
  const refs = parts.tenants.map((t) => t.ref);
  const { planLeaf, planProof } = rawMaterial(partsFor(parts, planFile(refs, { rounds: 3 })));
  return { planLeaf, planProof };
}

/** A coordinator that puts another grant under the round plan it has signed. */
export function regranted(raw: RawMaterial, parts: Parts, grant: Parts['grant']): RawMaterial {
  const envelope = buildGrant(grant, parts.keys.grant);
  const body = JSON.parse(Buffer.from(decodeSigned(raw.plan).body).toString('utf8'));
  body.grantDigest = toBase64url(sha256(dssePayload(envelope)));
  const plan = encodeSigned(signBody('plan', canonicalBytes(body), parts.keys.coordinator));
  return { ...raw, grant: dsseBytes(envelope), plan };
}

export function otherRound(parts: Parts): Pick<RawMaterial, 'roundLeaf' | 'roundProof' | 'grantLeaf' | 'grantProof'> {
  const other = rawMaterial({
    ...parts,
    args: {
      ...parts.args,
      modelHash: toBase64url(Buffer.alloc(32, 9)),
      round: 2,
      prevManifest: toBase64url(Buffer.alloc(32, 8)),
    },
  });
  const { roundLeaf, roundProof, grantLeaf, grantProof } = other;
  return { roundLeaf, roundProof, grantLeaf, grantProof };
}
