import type { Role, Route } from '@sumveil/wire';
import type { Database } from '../db/client.ts';
import { CoordinatorError } from '../error.ts';
import type { Person } from './identity.ts';
import type { TokenClaims } from './token.ts';

/**
 * Effective roles = roles of the token that are bound in the database, for the tenant that the token names, read in this very
 * request: a removed role ends at once.
 *
 * @throws CoordinatorError UNAUTHENTICATED for somebody unknown, FORBIDDEN without a role that the route names
 */
export async function personOf(db: Database, token: TokenClaims, route: Route): Promise<Person> {
  const user = await db.prisma.appUser.findUnique({
    where: { iss_sub: { iss: token.iss, sub: token.sub } },
    select: { ref: true, roles: { where: { scope: token.tenantRef }, select: { role: true } } },
  });
  if (user === null) {
    throw new CoordinatorError('UNAUTHENTICATED', 'There is no valid token with this request; sign in again.');
  }
  const bound = new Set(user.roles.map(({ role }) => role));
  const roles = token.roles.filter((role: Role) => bound.has(role));
  if (!roles.some((role) => route.roles?.includes(role))) {
    const wanted = route.roles?.join(', ') ?? 'nobody';
    throw new CoordinatorError(
      'FORBIDDEN',
      `This is for ${wanted}; the roles of this token that are bound here do not include it.`,
    );
  }
  return { userRef: user.ref, tenantRef: token.tenantRef, roles };
}
