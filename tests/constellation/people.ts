import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newRef } from '@sumveil/identity';
import type { Role } from '@sumveil/wire';
import type { Folders } from './folders.ts';

export interface PersonEntry {
  readonly ref: string;
  readonly name: string;
  readonly role: Role;
  /** Where the person keeps profile, secret and keys. */
  readonly folder: string;
  readonly secret: string;
  /** tenantRef or `platform`; a tenant's people get theirs when the tenant exists. */
  scope: string | undefined;
}

export function newPerson(folder: string, name: string, role: Role, scope?: string): PersonEntry {
  return { ref: newRef(), name, role, folder, secret: randomBytes(24).toString('base64url'), scope };
}

/** What the OIDC issuer knows: the file may grow while it runs, like a directory. */
export function writeDirectory(folders: Folders, people: readonly PersonEntry[]): string {
  const file = join(folders.oidc, 'people.json');
  const entries = people.map(({ ref, secret, scope, role }) => [
    ref,
    { secret, sumveil_tenant: scope ?? '', sumveil_roles: [role] },
  ]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(entries)), { mode: 0o600 });
  return file;
}

/** What the platform team binds: who holds which role where. */
export function writeBindings(folders: Folders, people: readonly PersonEntry[], issuer: string): string {
  const file = join(folders.operator, 'people.json');
  const bound = people.filter((person) => person.scope !== undefined);
  const entries = bound.map(({ ref, name, role, scope }) => ({
    ref,
    iss: issuer,
    sub: ref,
    name,
    roles: [{ role, scope }],
  }));
  writeFileSync(file, JSON.stringify(entries), { mode: 0o600 });
  return file;
}

/** Profile of `sumveil` for a person: address, root certificate, issuer, and the secret in a file of its own. */
export function writeProfile(person: PersonEntry, o: { url: string; rootPemFile: string; issuer: string }): string {
  const secretFile = join(person.folder, 'secret');
  const caFile = join(person.folder, 'root.pem');
  const profile = join(person.folder, 'profile.json');
  writeFileSync(secretFile, person.secret, { mode: 0o600 });
  writeFileSync(caFile, readFileSync(o.rootPemFile));
  writeFileSync(profile, JSON.stringify({ url: o.url, caFile, issuer: o.issuer, clientId: person.ref, secretFile }), {
    mode: 0o600,
  });
  return profile;
}
