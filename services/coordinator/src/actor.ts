import type { ConnectorPeer, Person } from './http/identity.ts';

/** Who caused a leaf (governance section 5): a ref, never a name. */
export function personActor(person: Pick<Person, 'userRef'>) {
  return { kind: 'person', ref: person.userRef, via: 'management' } as const;
}

export function connectorActor(peer: Pick<ConnectorPeer, 'tenantRef'>) {
  return { kind: 'connector', ref: peer.tenantRef, via: 'mtls' } as const;
}
