import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { IdentityError } from '../error.ts';
import { isSpiffeName } from '../name.ts';

/** Every field of a leaf is stated here, none is left to a generator's default (governance section 1, rule 6). */
interface LeafOrder {
  /** DER of the SubjectPublicKeyInfo, P-256. */
  readonly spki: Uint8Array;
  /** 32 upper-case hex digits, first byte 0x40 to 0x7F: positive and of fixed length in DER. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface ConnectorLeafOrder extends LeafOrder {
  readonly kind: 'connector';
  /** {@link spiffeName}; the only subjectAltName. */
  readonly name: string;
}

export interface ServerLeafOrder extends LeafOrder {
  readonly kind: 'server';
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export type CertificateOrder = ConnectorLeafOrder | ServerLeafOrder;

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** How far before its making a certificate begins to be valid, for clocks that are behind. */
export const BACKDATE_MS = 300_000;
/** Shortest life of a connector's certificate. */
export const LEAST_LIFE_SECONDS = HOUR;

/**
 * @param order.lifeSeconds 1 h to 30 d; 7 d is usual
 * @param order.leastSeconds another least life than 1 h, for tests that let certificates expire
 * @throws IdentityError `ISSUE`
 */
export function connectorLeafOrder(order: {
  spki: Uint8Array;
  name: string;
  lifeSeconds: number;
  leastSeconds?: number;
  now: Date;
}): ConnectorLeafOrder {
  if (!isSpiffeName(order.name)) throw new IdentityError('ISSUE', 'name is not a connector name');
  const life = { seconds: order.lifeSeconds, least: order.leastSeconds ?? LEAST_LIFE_SECONDS, most: 30 * DAY };
  return { kind: 'connector', spki: order.spki, name: order.name, serial: newSerial(), ...validity(order.now, life) };
}

/**
 * @param order.lifeSeconds 1 h to 90 d
 * @throws IdentityError `ISSUE`
 */
export function serverLeafOrder(order: {
  spki: Uint8Array;
  dnsNames: readonly string[];
  ipAddresses?: readonly string[];
  lifeSeconds: number;
  now: Date;
}): ServerLeafOrder {
  const { spki, dnsNames, ipAddresses = [] } = order;
  if (!dnsNames.every(isDnsName)) throw new IdentityError('ISSUE', 'a DNS name is not lower-case and without wildcard');
  if (!ipAddresses.every((address) => isIP(address) !== 0)) throw new IdentityError('ISSUE', 'not an IP address');
  if (dnsNames.length + ipAddresses.length === 0) throw new IdentityError('ISSUE', 'a server needs at least one name');
  const life = { seconds: order.lifeSeconds, least: HOUR, most: 90 * DAY };
  return { kind: 'server', spki, dnsNames, ipAddresses, serial: newSerial(), ...validity(order.now, life) };
}

export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | (bytes[0]! & 0x3f);
  return bytes.toString('hex').toUpperCase();
}

/** Five minutes back for clocks that are behind; whole seconds, because a certificate holds no smaller ones. */
export function validity(
  now: Date,
  life: { seconds: number; least: number; most: number },
): { notBefore: Date; notAfter: Date } {
  if (!Number.isInteger(life.seconds) || life.seconds < life.least || life.seconds > life.most) {
    throw new IdentityError('ISSUE', `life of ${life.seconds} s is not within ${life.least}..${life.most} s`);
  }
  const start = Math.floor(now.getTime() / 1_000) * 1_000;
  return { notBefore: new Date(start - BACKDATE_MS), notAfter: new Date(start + life.seconds * 1_000) };
}

function isDnsName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name);
}
