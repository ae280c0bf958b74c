export { type CertificateAuthority, createIssuingCa, createRootCa } from './authority/ceremony.ts';
export { crossCheckLeaf } from './authority/cross-check.ts';
export { type CertificateIssuer, createIssuer, type IssuedCertificate, issueChecked } from './authority/issuer.ts';
export {
  BACKDATE_MS,
  type CertificateOrder,
  type ConnectorLeafOrder,
  connectorLeafOrder,
  LEAST_LIFE_SECONDS,
  newSerial,
  type ServerLeafOrder,
  serverLeafOrder,
} from './authority/order.ts';
export { type CheckedCsr, checkCsr } from './csr-check.ts';
export { createCsr } from './csr-create.ts';
export { IdentityError, type IdentityErrorCode } from './error.ts';
export { type JoinString, newJoinString, parseJoinString } from './join-string.ts';
export { loadOrCreateKeyFile, readKeyFile, writeKeyFile } from './key-file.ts';
export {
  assertKind,
  generateEd25519,
  generateP256,
  type KeyKind,
  kindOf,
  rawEd25519,
  spkiDer,
  spkiPin,
  spkiSha256,
} from './keys.ts';
export { type ConnectorName, connectorOfCertificate, connectorOfSocket, parseSpiffeName, spiffeName } from './name.ts';
export {
  checkEnrolmentProofs,
  checkExpiredRenewal,
  checkRenewal,
  type EnrolmentProofs,
  proveEnrolment,
  proveExpiredRenewal,
  proveRenewal,
} from './proof.ts';
export { isRef, newRef } from './ref.ts';
export { assertPinned, type ClientTls, clientTls } from './tls/client.ts';
export { connectorListenerTls, enrolmentListenerTls, type ListenerKey, serverTls } from './tls/listener.ts';
export { fetchPinnedRoot, type PinnedPeer } from './tls/pin.ts';
