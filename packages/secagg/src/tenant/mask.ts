import { type Signed, sha256, toBase64url } from '@sumveil/wire';
import { SecaggError } from '../error.ts';
import { maskContext, maskX25519PrivateKey, pairMaskKey, selfMaskKey } from '../keys/keySchedule.ts';
import { x25519Agree } from '../keys/x25519.ts';
import { decodeField } from '../messages/fields.ts';
import { signMessage } from '../messages/open.ts';
import { type ChunkShape, chunkLayout, eachChunk } from '../plan/chunks.ts';
import { aesCtrExpander, applyMask, type Expander } from '../ring/masks.ts';
import { packWords } from '../ring/packing.ts';
import { toWords } from '../ring/ring.ts';
import { chunkRoot } from '../tree/chunkTree.ts';
import { checkIntegers, type Integers } from './integers.ts';
import { beginStep, type Masked, type SharesChecked } from './state.ts';

export interface MaskInput extends Integers {
  /** default AES-256-CTR; another one only in-process, to measure what masking costs */
  readonly expander?: Expander;
}

export interface MaskedChunk {
  readonly segment: 0 | 1;
  readonly chunk: number;
  readonly bytes: Buffer;
}

/** Masking under way: take all chunks in order, then finish. */
export interface Masking {
  /**
   * lazily masked, one chunk in memory at a time; an upload that fails is repeated with the same bytes. Taking one throws
   * SecaggError `PHASE` after the secrets were erased.
   */
  readonly chunks: Generator<MaskedChunk>;
  /** M2, after the last chunk. @throws SecaggError `PHASE` before */
  finish(): { state: Masked; m2: Signed };
}

const SEGMENTS = [0, 1] as const;

interface Term {
  readonly key: Buffer;
  readonly sign: 1 | -1;
}

/**
 * Second half of R2: y_u = q_u + self_u ± pair masks, chunk by chunk (section 11). Once per attempt: two vectors under the
 * same masks would reveal their difference. The caller stores `m2Sent` before the first chunk leaves.
 *
 * @throws SecaggError `INPUT` or `PHASE`
 */
export function mask(state: SharesChecked, input: MaskInput): Masking {
  checkIntegers(state.plan, input);
  beginStep(state, 'mask');
  const { plan } = state;
  const terms = maskTerms(state);
  state.secrets.maskKeys.push(...terms.flat().map((term) => term.key));
  const hashes: Buffer[] = [];
  return {
    chunks: maskChunks(state, input, terms, hashes),
    finish: () => {
      if (hashes.length !== chunkLayout(plan).total) {
        throw new SecaggError('PHASE', 'Not every chunk has been taken yet. Upload all of them, then finish.');
      }
      const m2 = signM2(state, hashes);
      for (const key of state.secrets.maskKeys.splice(0)) key.fill(0);
      return { state: { ...state, step: 'masked', m2 }, m2 };
    },
  };
}

function* maskChunks(
  { plan, secrets }: SharesChecked,
  input: MaskInput,
  terms: readonly [readonly Term[], readonly Term[]],
  hashes: Buffer[],
): Generator<MaskedChunk> {
  for (const shape of eachChunk(plan)) {
    // Erased keys are zeros: what they mask could be read by anybody.
    if (secrets.maskKeys.length === 0)
      throw new SecaggError('PHASE', 'The attempt is over and its mask keys are erased. Send nothing more.');
    const bytes = maskChunk(shape, input, terms[shape.segment]);
    hashes.push(sha256(bytes));
    yield { segment: shape.segment, chunk: shape.chunk, bytes };
  }
}

function maskChunk({ segment, bits, start, elements }: ChunkShape, input: MaskInput, terms: readonly Term[]): Buffer {
  const words = toWords(bits, segment === 0 ? input.model : input.aux, start, elements);
  for (const { key, sign } of terms) applyMask(bits, words, key, sign, start, input.expander ?? aesCtrExpander);
  return packWords(bits, words);
}

/** Self mask and one pair mask for each other member of U2, added towards higher indices and subtracted towards lower. */
function maskTerms({ plan, idx, secrets, directory, u2, dirHash, u2Hash }: SharesChecked): [Term[], Term[]] {
  const ctx2 = maskContext(dirHash, u2Hash);
  const sSk = maskX25519PrivateKey(secrets.a, plan.planHash, idx);
  const terms: [Term[], Term[]] = [[], []];
  for (const segment of SEGMENTS) terms[segment].push({ key: selfMaskKey(secrets.b, ctx2, idx, segment), sign: 1 });
  for (const v of u2) {
    if (v === idx) continue;
    const dh = x25519Agree(sSk, decodeField(directory.get(v)!.body.sKey));
    const kem = secrets.pairKem.get(v);
    for (const segment of SEGMENTS) {
      terms[segment].push({ key: pairMaskKey(dh, ctx2, [idx, v], segment, kem), sign: v > idx ? 1 : -1 });
    }
    dh.fill(0);
  }
  sSk.fill(0);
  return terms;
}

function signM2({ plan, idx, u2Hash, rosterKey }: SharesChecked, hashes: readonly Buffer[]): Signed {
  return signMessage(
    {
      type: 'm2',
      v: 1,
      planHash: toBase64url(plan.planHash),
      idx,
      u2Hash: toBase64url(u2Hash),
      chunks: hashes.length,
      chunkRoot: toBase64url(chunkRoot(plan, hashes)),
    },
    rosterKey,
  );
}
