import { type CoordinatorClient, linkTls } from '../coordinator-link.ts';
import type { Membership } from '../enrolment/identity-files.ts';
import {
  discardNextChain,
  isUnproven,
  newestTlsPair,
  promoteNext,
  readTlsPairs,
  storeNextChain,
  type TlsPair,
} from './tls-files.ts';

/** The certificate that this connector shows, and the change from one to the next. */
export interface CertificateKeeper {
  /** The pair in front. */
  current(): TlsPair;
  /** True until the newest certificate has been used with success; its predecessor stays on disk meanwhile. */
  unproven(): boolean;
  /** Stores the chain of the next key and puts it in front: new connections show it, requests under way end on the old ones. */
  takeUp(chainPem: string): void;
  /** The newest certificate was used with success, or has ended without: it takes its predecessor's place on disk. */
  settle(): void;
  /** Puts the predecessor in front when it is still there and alive. */
  showOlder(now: number): boolean;
  showNewest(): void;
  /** The coordinator knows the predecessor and not the newest: as after a backup that it has restored. Its key stays. */
  discardNewest(): void;
}

export function certificateKeeper(o: {
  stateDir: string;
  member: Membership;
  client: Pick<CoordinatorClient, 'replaceTls'>;
}): CertificateKeeper {
  const { stateDir, member, client } = o;
  let pair = newestTlsPair(stateDir);
  const show = (next: TlsPair) => {
    pair = next;
    client.replaceTls(linkTls(member, pair));
  };
  return {
    current: () => pair,
    unproven: () => isUnproven(stateDir),
    takeUp(chainPem) {
      storeNextChain(stateDir, chainPem);
      show(newestTlsPair(stateDir));
    },
    settle: () => promoteNext(stateDir),
    showOlder(now) {
      const older = readTlsPairs(stateDir)[1];
      if (!older || older.certificate.validToDate.getTime() <= now) return false;
      show(older);
      return true;
    },
    showNewest: () => show(newestTlsPair(stateDir)),
    discardNewest: () => discardNextChain(stateDir),
  };
}
