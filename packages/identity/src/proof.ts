import { type KeyObject, sign, verify } from 'node:crypto';
import { ed25519PublicKey, label, sha256 } from '@sumveil/wire';
import { IdentityError } from './error.ts';
import { assertKind, kindOf, rawEd25519 } from './keys.ts';

/** What an enrolment says about its two Ed25519 keys; keys are 32 raw bytes, proofs 64. */
export interface EnrolmentProofs {
  readonly rosterKey: Uint8Array;
  readonly rosterProof: Uint8Array;
  readonly witnessKey: Uint8Array;
  readonly witnessProof: Uint8Array;
}

/**
 * Both keys sign this token and this CSR key (governance section 1, rule 4), so neither proof can be carried to another
 * enrolment and nobody can enrol a key that is not theirs.
 *
 * @param enrolment.csrSpki DER of the CSR's SubjectPublicKeyInfo
 */
export function proveEnrolment(enrolment: {
  token: Uint8Array;
  csrSpki: Uint8Array;
  rosterKey: KeyObject;
  witnessKey: KeyObject;
}): EnrolmentProofs {
  const { token, csrSpki, rosterKey, witnessKey } = enrolment;
  const tokenHash = sha256(token);
  return {
    rosterKey: rawEd25519(rosterKey),
    rosterProof: sign(null, enrolmentInput('roster', tokenHash, csrSpki), rosterKey),
    witnessKey: rawEd25519(witnessKey),
    witnessProof: sign(null, enrolmentInput('witness', tokenHash, csrSpki), witnessKey),
  };
}

/**
 * The caller still compares both keys with those of every other tenant: only it has the rows.
 *
 * @throws IdentityError `PROOF`
 */
export function checkEnrolmentProofs(
  enrolment: EnrolmentProofs & { tokenHash: Uint8Array; csrSpki: Uint8Array },
): void {
  const { tokenHash, csrSpki, rosterKey, rosterProof, witnessKey, witnessProof } = enrolment;
  if (tokenHash.byteLength !== 32) throw new IdentityError('PROOF', 'token hash is not 32 bytes');
  if (Buffer.compare(rosterKey, witnessKey) === 0) {
    throw new IdentityError('PROOF', 'roster key and witness key are the same; make two');
  }
  assertProof('roster', rosterKey, enrolmentInput('roster', tokenHash, csrSpki), rosterProof);
  assertProof('witness', witnessKey, enrolmentInput('witness', tokenHash, csrSpki), witnessProof);
}

/**
 * Renewal while the old certificate lives (rule 9): its key signs the old serial and the new CSR key, so that the signer can
 * see by itself what the TLS listener saw, and a process that only passes requests on can make up no renewal.
 *
 * @param renewal.tlsKey private P-256 key of the old certificate
 * @returns ECDSA over SHA-256, r and s of 32 bytes each
 */
export function proveRenewal(renewal: { serial: string; csrSpki: Uint8Array; tlsKey: KeyObject }): Buffer {
  const { serial, csrSpki, tlsKey } = renewal;
  assertKind(tlsKey, 'p256');
  return sign('sha256', renewalInput('renew', serial, csrSpki), { key: tlsKey, dsaEncoding: 'ieee-p1363' });
}

/**
 * @param renewal.oldKey public key of the certificate with this serial
 * @throws IdentityError `PROOF`
 */
export function checkRenewal(renewal: {
  serial: string;
  csrSpki: Uint8Array;
  oldKey: KeyObject;
  proof: Uint8Array;
}): void {
  const { serial, csrSpki, oldKey, proof } = renewal;
  const input = renewalInput('renew', serial, csrSpki);
  const key = { key: oldKey, dsaEncoding: 'ieee-p1363' } as const;
  if (kindOf(oldKey) !== 'p256' || proof.byteLength !== 64 || !verify('sha256', input, key, proof)) {
    throw new IdentityError(
      'PROOF',
      'the proof is not by the key of the certificate with this serial, or for another CSR',
    );
  }
}

/** Renewal of an expired certificate without a token (rule 9): the roster key signs the old serial and the new CSR key. */
export function proveExpiredRenewal(renewal: { serial: string; csrSpki: Uint8Array; rosterKey: KeyObject }): Buffer {
  return sign(null, renewalInput('renew-expired', renewal.serial, renewal.csrSpki), renewal.rosterKey);
}

/** @throws IdentityError `PROOF` */
export function checkExpiredRenewal(renewal: {
  serial: string;
  csrSpki: Uint8Array;
  rosterKey: Uint8Array;
  proof: Uint8Array;
}): void {
  assertProof(
    'roster',
    renewal.rosterKey,
    renewalInput('renew-expired', renewal.serial, renewal.csrSpki),
    renewal.proof,
  );
}

function enrolmentInput(key: 'roster' | 'witness', tokenHash: Uint8Array, csrSpki: Uint8Array): Buffer {
  return Buffer.concat([label(`sig/enrol-${key}`), tokenHash, sha256(csrSpki)]);
}

function renewalInput(use: 'renew' | 'renew-expired', serial: string, csrSpki: Uint8Array): Buffer {
  if (!/^[4-7][0-9A-F]{31}$/.test(serial)) throw new IdentityError('PROOF', 'serial is not one this CA gives out');
  return Buffer.concat([label(`sig/${use}`), Buffer.from(serial, 'hex'), sha256(csrSpki)]);
}

function assertProof(whose: string, key: Uint8Array, message: Buffer, proof: Uint8Array): void {
  const wellFormed = key.byteLength === 32 && proof.byteLength === 64;
  if (!wellFormed || !verify(null, message, ed25519PublicKey(key), proof)) {
    throw new IdentityError('PROOF', `the ${whose} key's proof does not hold for this token or serial and this CSR`);
  }
}
