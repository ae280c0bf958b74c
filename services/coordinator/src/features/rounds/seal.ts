import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Keeps reconstructed secrets out of backups and dumps of the database: AES-256-GCM under the workers' own key. */
export interface Seal {
  seal(context: string, secret: Uint8Array): Uint8Array<ArrayBuffer>;
  open(context: string, sealed: Uint8Array): Buffer;
}

/** Binds a sealed secret to its attempt, kind and member. */
export function sealContext(attemptId: string, kind: 'a' | 'b', idx: number): string {
  return `${attemptId}/${kind}/${idx}`;
}

/** @param key 32 bytes, held by the workers only */
export function createSeal(key: Uint8Array): Seal {
  return {
    seal(context, secret) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      return Uint8Array.from(Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]));
    },
    open(context, sealed) {
      const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(Buffer.from(context));
      cipher.setAuthTag(sealed.subarray(sealed.length - 16));
      return Buffer.concat([cipher.update(sealed.subarray(12, sealed.length - 16)), cipher.final()]);
    },
  };
}
