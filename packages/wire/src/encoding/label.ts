import { createHash } from 'node:crypto';

/** Domain label L(x) of secure-aggregation section 5: ASCII `sumveil/v1/` + x + 0x00. */
export function label(name: string): Buffer {
  return Buffer.from(`sumveil/v1/${name}\0`, 'ascii');
}

/** Plain SHA-256, 32 bytes. */
export function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** H(x, …) = SHA-256(L(x) ‖ …), 32 bytes. */
export function labelledHash(name: string, ...parts: Uint8Array[]): Buffer {
  return sha256(label(name), ...parts);
}

/** `sha256:<64 hex>`, the written form of a digest. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${sha256(bytes).toString('hex')}`;
}

/** Written form of a hash that is already computed (32 bytes). */
export function writtenDigest(hash: Uint8Array): string {
  return `sha256:${Buffer.from(hash).toString('hex')}`;
}

/** The 32 bytes of a written digest. */
export function hashOfDigest(digest: string): Buffer {
  return Buffer.from(digest.slice('sha256:'.length), 'hex');
}

export function u8(value: number): Buffer {
  return Buffer.of(value);
}

/** Little-endian, as all integers of the protocol. */
export function u16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16LE(value);
  return out;
}

export function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}
