import { inspect } from 'node:util';
import { type Random, randomScalar } from '../sharing/scalar.ts';

/** Both shares that this tenant holds of one dealer, 32 bytes each. */
export interface HeldShares {
  readonly a: Buffer;
  readonly b: Buffer;
}

/** Steps that happen once; `answered` is set when M4 exists, `abort` when it was sworn off. */
export type Once = 'share' | 'check' | 'mask' | 'consistency' | 'unmask' | 'answered' | 'abort';

/**
 * What must never reach a disk or a log (section 15). One object goes through all steps of an attempt, so that each step
 * happens once even when a caller keeps an old state, and so that erasing reaches every copy.
 */
export interface Secrets {
  readonly a: Buffer;
  readonly b: Buffer;
  /** X25519 channel key */
  readonly cSk: Buffer;
  /** ML-KEM channel seed, suite 2 */
  readonly cKemSeed: Buffer | undefined;
  /** shares by dealer, own ones included */
  readonly held: Map<number, HeldShares>;
  /** K_uv by the other member of the pair, suite 2 */
  readonly pairKem: Map<number, Buffer>;
  /** self and pair mask keys while masking is under way */
  readonly maskKeys: Buffer[];
  readonly done: Set<Once>;
}

/** Draws `a` (64 bytes), `b` (64), channel key (32) and in suite 2 the channel seed (64), in this order. */
export function drawSecrets(suite: 1 | 2, random: Random): Secrets {
  const secrets: Secrets = {
    a: randomScalar(random),
    b: randomScalar(random),
    cSk: own(random(32)),
    cKemSeed: suite === 2 ? own(random(64)) : undefined,
    held: new Map(),
    pairKem: new Map(),
    maskKeys: [],
    done: new Set(),
  };
  return conceal(secrets);
}

/** Overwrites everything; JavaScript may still hold copies (section 23). */
export function wipe({ a, b, cSk, cKemSeed, held, pairKem, maskKeys }: Secrets): void {
  for (const secret of [a, b, cSk, cKemSeed, ...pairKem.values(), ...maskKeys]) secret?.fill(0);
  for (const shares of held.values()) {
    shares.a.fill(0);
    shares.b.fill(0);
  }
  held.clear();
  pairKem.clear();
  maskKeys.length = 0;
}

/** A state that is logged by mistake shows a word instead of its secrets. */
function conceal(secrets: Secrets): Secrets {
  const word = { value: () => '[secrets]', enumerable: false };
  return Object.defineProperties(secrets, { toJSON: word, [inspect.custom]: word });
}

/** A buffer of its own, outside Node's shared pool, so that erasing it is complete. */
function own(bytes: Uint8Array): Buffer {
  const buffer = Buffer.alloc(bytes.byteLength);
  buffer.set(bytes);
  return buffer;
}
