import type { Readable } from 'node:stream';

export interface StoredArtifact {
  /** `sha256:<64 hex>` of the bytes. */
  readonly digest: string;
  readonly size: number;
}

/**
 * Content-addressed bytes: the name is the digest, so nothing is ever changed and a repeat is harmless. Bytes become part of the
 * system's state by a database row that names them, never by being here.
 */
export interface ArtifactStore {
  /**
   * Stores the bytes durably before it resolves. With `digest`, bytes of another digest are not kept.
   *
   * @throws CoordinatorError TOO_LARGE beyond `maxBytes`, DIGEST_MISMATCH, STORAGE_FULL
   */
  put(
    source: Uint8Array | AsyncIterable<Uint8Array>,
    options: { readonly maxBytes: number; readonly digest?: string },
  ): Promise<StoredArtifact>;
  /** The whole bytes, hashed again. @throws CoordinatorError NOT_FOUND, or INTERNAL when the bytes no longer have their digest */
  get(digest: string): Promise<Buffer>;
  /** @throws CoordinatorError NOT_FOUND */
  open(digest: string): Promise<{ readonly size: number; readonly stream: Readable }>;
  has(digest: string): Promise<boolean>;
  /** Does nothing when it is not there. */
  delete(digest: string): Promise<void>;
}
